// Evenings ranked by buttons. The selects of the form hold the truth; without this script they are what one uses.

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const status = document.querySelector("[data-status]");

const say = (text) => {
  status.textContent = "";
  requestAnimationFrame(() => { status.textContent = text; });
};

// Makes the evenings choosable; kept: ids chosen already, best first, else as the selects have it. Returns what is chosen.
function begin(root, kept) {
  const rows = [...root.querySelectorAll("[data-evening]")];
  const ranked = root.querySelector("[data-ranked]");
  const more = root.querySelector("[data-more]");
  const sites = root.querySelector("[data-sites]");
  const digital = root.querySelector("[data-digital]");
  const most = Number(root.dataset.most);
  const select = (row) => row.querySelector("select");
  const asSent = () => rows.filter((row) => select(row).value).sort((a, b) => select(a).value - select(b).value).slice(0, most);
  let chosen = kept ? kept.map((id) => rows.find((row) => row.dataset.evening === id)).filter(Boolean) : asSent();

  const nameOf = (row) => {
    const alone = chosen.filter((other) => other.dataset.day === row.dataset.day).length < 2;
    return alone ? row.dataset.day : `${row.dataset.name}, ${row.dataset.site}`;
  };

  const card = (row, number) => {
    const made = root.querySelector("template[data-card]").content.cloneNode(true).firstElementChild;
    const full = `${row.dataset.name}, ${row.dataset.site}`;
    made.dataset.of = row.dataset.evening;
    made.querySelector(".tp-rank").textContent = number + 1;
    made.querySelector(".tp-evening-name").textContent = row.dataset.name;
    made.querySelector(".tp-subtle").textContent = row.dataset.place;
    made.querySelector(".tp-evening-demand").append(...[...row.querySelector(".tp-evening-demand").childNodes].map((one) => one.cloneNode(true)));
    made.querySelector("[data-remove] span").textContent = ` ${full}`;
    for (const button of made.querySelectorAll("[data-move]")) {
      const to = number + Number(button.dataset.move);
      button.setAttribute("aria-label", fill(button.getAttribute("aria-label"), { evening: full }));
      if (to < 0 || to >= chosen.length) button.setAttribute("aria-disabled", "true");
    }
    return made;
  };

  const show = () => {
    for (const row of rows) {
      const number = chosen.indexOf(row);
      select(row).value = number < 0 ? "" : number + 1;
      const button = row.querySelector("button");
      button.setAttribute("aria-pressed", String(number >= 0));
      button.textContent = number < 0 ? button.dataset.idle : fill(root.dataset.chosen, { rank: number + 1 });
    }
    ranked.replaceChildren(...chosen.map(card));
    ranked.hidden = !chosen.length;
    more.hidden = !chosen.length;
    if (!chosen.length) open(true);
    showDigital();
  };

  const showDigital = () => {
    if (!digital) return;
    const added = chosen.some((row) => row.dataset.evening === digital.dataset.digital);
    const far = chosen.find((row) => Number(row.dataset.minutes) > Number(root.dataset.limit));
    if (chosen.length) digital.hidden = added || !far;
    if (far) digital.querySelector("[data-far]").textContent = fill(digital.querySelector("[data-far]").dataset.far, { site: far.dataset.site });
    const button = digital.querySelector("button");
    button.textContent = fill(button.dataset.label, { rank: chosen.length + 1 });
  };

  const open = (wanted) => {
    sites.hidden = !wanted;
    more.setAttribute("aria-expanded", String(wanted));
  };

  const add = (row) => {
    if (chosen.length >= most) return say(root.dataset.full);
    chosen = [...chosen, row];
    show();
    say(fill(root.dataset.moved, { evening: nameOf(row), rank: chosen.length }));
  };

  const remove = (row) => {
    chosen = chosen.filter((other) => other !== row);
    show();
    say(fill(root.dataset.removed, { evening: nameOf(row) }));
  };

  const move = (row, by) => {
    const from = chosen.indexOf(row);
    const to = from + by;
    if (to < 0 || to >= chosen.length) return;
    chosen = chosen.filter((other) => other !== row);
    chosen.splice(to, 0, row);
    show();
    say(fill(root.dataset.moved, { evening: nameOf(row), rank: to + 1 }));
  };

  for (const row of rows) {
    row.querySelector("button")?.remove();
    const button = root.querySelector("template[data-add]").content.cloneNode(true).firstElementChild;
    button.dataset.idle = button.textContent;
    button.id = `add-${row.dataset.evening}`;
    button.setAttribute("aria-describedby", `e-${row.dataset.evening}`);
    button.addEventListener("click", () => (chosen.includes(row) ? remove(row) : add(row)));
    select(row).hidden = true;
    select(row).after(button);
  }
  ranked.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const id = button.closest("[data-of]").dataset.of;
    const row = rows.find((one) => one.dataset.evening === id);
    if (button.dataset.move) {
      move(row, Number(button.dataset.move));
      ranked.querySelector(`[data-of="${id}"] [data-move="${button.dataset.move}"]`).focus();
    } else {
      const after = chosen[chosen.indexOf(row) + 1] ?? chosen[chosen.indexOf(row) - 1];
      remove(row);
      (after ? ranked.querySelector(`[data-of="${after.dataset.evening}"] [data-remove]`) : root.querySelector("summary")).focus();
    }
  });
  more.addEventListener("click", () => open(more.getAttribute("aria-expanded") !== "true"));
  digital?.querySelector("button").addEventListener("click", (event) => {
    event.preventDefault();
    add(rows.find((row) => row.dataset.evening === digital.dataset.digital));
    if (digital.hidden) ranked.querySelector("li:last-child [data-move]").focus();
  });
  if (chosen.length && !kept) open(false);
  show();
  return () => chosen.map((row) => row.dataset.evening);
}

const form = document.querySelector("form:has([data-evenings])");
const home = form.querySelector("#home");
form.querySelector("[data-look]").hidden = true;
home.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  home.blur(); // which is what makes a change of it
  home.focus();
});
let chosen = begin(document.querySelector("[data-evenings]"));
let kept = [];
let before = null;
document.body.addEventListener("htmx:beforeSwap", () => { // what was chosen while the answer was on its way stays
  kept = chosen();
  before = document.querySelector("[data-evenings]");
});
document.body.addEventListener("htmx:afterSwap", () => {
  const root = document.querySelector("[data-evenings]");
  const has = (id) => root.querySelector(`[data-evening="${id}"]`);
  for (const id of kept) if (!has(id)) root.querySelector("[data-sites]").append(before.querySelector(`[data-evening="${id}"]`).closest(".tp-site"));
  chosen = begin(root, kept);
  const newest = root.dataset.newest && root.querySelector(`.tp-site[data-of="${root.dataset.newest}"] summary`);
  if (newest) newest.focus();
  else if (root.dataset.said) say(root.dataset.said);
});

const guardian = form.querySelector("[data-guardian]");
const born = form.querySelector("#birth_year");
if (guardian) {
  const asked = () => {
    const year = Number(born.value);
    const grown = year > 1900 && Number(guardian.dataset.year) - year - 1 >= Number(guardian.dataset.guardian);
    guardian.hidden = grown || (!born.value && !guardian.querySelector("[aria-invalid]"));
  };
  born.addEventListener("input", asked);
  asked();
}
