// On a select marked data-browser-zone: chooses the browser's own time zone, where it is one of the options.
for (const select of document.querySelectorAll("select[data-browser-zone]")) {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === zone)) select.value = zone;
}
