'use strict';
// <a data-opens-dialog="id"> opens that dialog in place; without this script it is a link.
document.addEventListener('click', (event) => {
    const opener = event.target.closest('[data-opens-dialog]');
    if (opener && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        document.getElementById(opener.dataset.opensDialog).showModal();
    }
    event.target.closest('[data-closes-dialog]')?.closest('dialog').close();
});
