// Shows the print buttons, which need a script, and opens the browser's own printing.
for (const button of document.querySelectorAll(".tp-print-button")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
