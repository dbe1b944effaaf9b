"use strict";

/* The slider and the number field are one value; what it opens for is asked of the server while it moves.
   Without this file the number field and the button "Save" do the same. */
(() => {
  const slider = document.getElementById("reach-slider");
  const minutes = document.getElementById("max_travel_minutes");
  const said = document.getElementById("reach-said");
  if (!slider || !minutes) return;
  const PAGE = { PageUp: 15, PageDown: -15 };
  const address = slider.closest("[data-address]").dataset.address;
  let waiting = 0;

  for (const part of document.querySelectorAll("[data-slider-only]")) part.hidden = false;

  function ask() {
    const value = Number(minutes.value);
    if (!Number.isInteger(value) || value < 0 || value > 1440) return;
    window.htmx.ajax("GET", `${address}?minutter=${value}`, { target: "#reach", swap: "outerHTML" });
  }

  function moved() {
    slider.setAttribute("aria-valuetext", slider.getAttribute("aria-valuetext").replace(/\d+/, minutes.value));
    clearTimeout(waiting);
    waiting = setTimeout(ask, 150);
  }

  slider.addEventListener("input", () => {
    minutes.value = slider.value;
    moved();
  });
  minutes.addEventListener("input", () => {
    slider.value = minutes.value;
    moved();
  });
  slider.addEventListener("keydown", (event) => {
    if (!(event.key in PAGE)) return;
    event.preventDefault();
    slider.value = Number(slider.value) + PAGE[event.key];
    slider.dispatchEvent(new Event("input"));
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const reach = document.getElementById("reach");
    if (event.target.id !== "reach" && event.detail.target?.id !== "reach") return;
    slider.setAttribute("aria-valuetext", reach.querySelector("output").textContent);
    said.textContent = [...reach.querySelectorAll(".rm-reach-figures p:last-child span")].map((one) => one.textContent).join(" ");
  });
})();
