// The order form while it is open: what is typed is kept on the server, and the numbers follow. Without it, "Go on" does.
const form = document.querySelector("#order-form");
const WAIT = 500;
let timer;

async function keep() {
  const answer = await fetch(form.dataset.draft, { method: "POST", body: new FormData(form) });
  if (!answer.ok) return;
  show(await answer.json());
}

function show({ saved, line, promised, chance, counts = {}, times = [] }) {
  form.querySelector("[data-saved]").textContent = saved;
  for (const place of document.querySelectorAll("[data-promised]")) if (promised) place.textContent = promised;
  const status = form.querySelector("[data-line]");
  if (status && line && status.textContent !== line) status.textContent = line;
  for (const [place, words] of [["[data-chance-word]", chance[0]], ["[data-chance-meaning]", chance[1]]]) {
    const part = form.querySelector(place);
    if (part.textContent !== words) part.textContent = words;
  }
  for (const [day, words] of Object.entries(counts)) count(day, words);
  times.forEach((words, at) => {
    form.querySelector(`[data-time="${at + 1}"]`).textContent = words;
  });
}

function count(day, words) {
  const place = form.querySelector(`[data-count="${day}"]`);
  if (!place || place.textContent === words) return;
  const box = place.parentElement.querySelector("input");
  const date = box.getAttribute("aria-label").split(", ")[0];
  box.setAttribute("aria-label", words ? `${date}, ${words}` : date);
  place.textContent = words;
}

form.addEventListener("change", (event) => {
  if (event.target.name === "search") return;
  clearTimeout(timer);
  timer = setTimeout(keep, WAIT);
});
form.addEventListener("submit", () => clearTimeout(timer));

const search = form.querySelector("#school-search");
search?.addEventListener("comboboxafterselect", ({ detail }) => {
  const chosen = form.querySelector("#school-id");
  if (!detail.isConnected || !detail.value) return;
  chosen.disabled = false;
  chosen.value = detail.value;
  const step = Object.assign(document.createElement("input"), { type: "hidden", name: "step", value: "school" });
  form.append(step);
  form.submit();
});
