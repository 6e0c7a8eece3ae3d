'use strict';
// Asks every two seconds how far the job is, while somebody looks; the page works without it.
const bar = document.getElementById('job-progress');
const words = document.getElementById('job-words');
const every = 2000;

const ask = async () => {
    if (document.hidden) {
        setTimeout(ask, every);
        return;
    }
    try {
        const answer = await fetch(bar.dataset.url, {headers: {accept: 'application/json'}});
        if (!answer.ok || answer.redirected) {
            return;
        }
        const job = await answer.json();
        bar.max = Math.max(job.total, 1);
        bar.value = job.done;
        words.textContent = job.words;
        if (!job.isOpen) {
            window.location.reload();
            return;
        }
    } catch {
        // The server may be restarting: ask again.
    }
    setTimeout(ask, every);
};

if (bar?.dataset.url) {
    setTimeout(ask, every);
}
