'use strict';
// Rows with data-shown-when="field=value|value" follow another field of the same form.
// A hidden field keeps its value: which fields count is decided by the server.
for (const form of document.querySelectorAll('form[data-shown-when-form]')) {
    const valueOf = (name) => {
        const field = form.elements.namedItem(name);
        if (!field) {
            return '';
        }
        return field.type === 'checkbox' ? String(field.checked) : field.value;
    };
    const update = () => {
        for (const row of form.querySelectorAll('[data-shown-when]')) {
            const [name, values] = row.dataset.shownWhen.split('=');
            row.hidden = !values.split('|').includes(valueOf(name));
        }
    };
    form.addEventListener('change', update);
    update();
}
