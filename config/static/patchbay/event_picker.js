'use strict';
// The list of event types: search, a box for a whole group, and how many are ticked.
// Without this script the boxes are there and work.
for (const picker of document.querySelectorAll('[data-event-picker]')) {
    const search = picker.querySelector('[data-event-search]');
    const state = picker.querySelector('[data-event-state]');
    const none = picker.querySelector('[data-event-none]');
    const patterns = picker.closest('form').elements.namedItem('patterns');
    const groups = [...picker.querySelectorAll('[data-event-group]')].map((element) => ({
        element,
        all: element.querySelector('[data-event-all]'),
        count: element.querySelector('[data-event-count]'),
        rows: [...element.querySelectorAll('[data-event-type]')],
    }));
    const boxOf = (row) => row.querySelector('input');
    const shown = (group) => group.rows.filter((row) => !row.hidden);

    const tell = () => {
        let ticked = 0;
        for (const group of groups) {
            const own = group.rows.filter((row) => boxOf(row).checked).length;
            ticked += own;
            group.count.textContent = own ? `${own} of ${group.rows.length}` : group.rows.length;
            const visible = shown(group);
            const visibleTicked = visible.filter((row) => boxOf(row).checked).length;
            const box = group.all.querySelector('input');
            box.checked = visible.length > 0 && visibleTicked === visible.length;
            box.indeterminate = visibleTicked > 0 && visibleTicked < visible.length;
        }
        const isEverything = !ticked && !patterns.value.trim();
        state.textContent = isEverything ? 'Nothing ticked: receives all events' : `${ticked} ticked`;
    };
    const find = () => {
        const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
        let found = 0;
        for (const group of groups) {
            for (const row of group.rows) {
                const text = row.textContent.toLowerCase();
                row.hidden = !words.every((word) => text.includes(word));
            }
            const visible = shown(group).length;
            group.element.hidden = !visible;
            if (words.length) {
                group.element.open = visible > 0;
            }
            found += visible;
        }
        none.hidden = found > 0 || !words.length;
        tell();
    };

    for (const group of groups) {
        group.all.hidden = false;
        group.all.addEventListener('change', (event) => {
            event.stopPropagation();
            for (const row of shown(group)) {
                boxOf(row).checked = event.target.checked;
            }
            tell();
        });
    }
    search.hidden = false;
    search.addEventListener('input', find);
    // Enter in the search would send the form.
    search.addEventListener('keydown', (event) => {
        if (event.key === 'Enter') {
            event.preventDefault();
        }
    });
    picker.addEventListener('change', tell);
    patterns.addEventListener('input', tell);
    tell();
}
