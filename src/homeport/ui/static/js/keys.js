// A link with data-key is also opened by that key, alone, while nobody types into a field (WCAG 2.1.4: whoever wants no such
// keys switches off what offers the link).
addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`)?.click();
});
