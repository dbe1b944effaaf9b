// The drawer in which a visit is moved: opened when htmx has fetched its content, closed by Escape or its buttons.
// The dialog itself gives the focus back to the button that opened it.
const drawer = document.getElementById("move");

drawer?.addEventListener("htmx:afterSwap", () => {
  if (!drawer.open) {
    drawer.showModal();
    drawer.querySelector("select")?.focus();
  }
});

// Components leave empty style attributes behind, which htmx would copy and the page's policy refuses.
document.addEventListener("htmx:beforeSwap", (event) => {
  for (const element of event.target.querySelectorAll("[style]")) element.removeAttribute("style");
});

drawer?.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-close]")) {
    event.preventDefault();
    drawer.close();
  }
});
