// Attendance on a phone: a tap is kept at once, in the browser's store while there is no net, and sent with its time.
// What is stored are ids and marks, nothing else about a pupil: {"<entry id>": ["here" | "told" | "not_told", "<time>"]}.
const PREFIX = "treffpunkt-oppmote:";
const form = document.querySelector("form.tp-attendance");
const token = () => document.querySelector('meta[name="csrf-token"]').content;

const WEEK = 7 * 24 * 60 * 60 * 1000; // the service takes no older marks

function waiting(meeting) {
  let marks = {};
  try {
    marks = JSON.parse(localStorage.getItem(PREFIX + meeting)) || {};
  } catch {
    // what cannot be read is not ours
  }
  return Object.fromEntries(Object.entries(marks).filter(([, [, at]]) => Date.now() - Date.parse(at) < WEEK));
}

function keep(meeting, marks) {
  if (Object.keys(marks).length) localStorage.setItem(PREFIX + meeting, JSON.stringify(marks));
  else localStorage.removeItem(PREFIX + meeting);
}

/** Sends what waits for one meeting. "sent", "no-net" or "refused"; what was tapped meanwhile stays. */
async function send(meeting) {
  const marks = waiting(meeting);
  if (!Object.keys(marks).length) return "sent";
  const body = new URLSearchParams({ klokke: new Date().toISOString() });
  for (const [entry, [value, at]] of Object.entries(marks)) {
    body.append(`elev-${entry}`, value);
    body.append(`tid-${entry}`, at);
  }
  let answer;
  try {
    answer = await fetch(`/oppmote/${encodeURIComponent(meeting)}`, {
      method: "POST",
      body,
      headers: { Accept: "application/json", "X-CSRFToken": token() },
      redirect: "manual",
    });
  } catch {
    return "no-net";
  }
  if (!answer.ok) return "refused";
  const left = waiting(meeting);
  for (const [entry, [, at]] of Object.entries(marks)) if (left[entry]?.[1] === at) delete left[entry];
  keep(meeting, left);
  return "sent";
}

async function sendAll() {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(PREFIX))) {
    const meeting = key.slice(PREFIX.length);
    keep(meeting, waiting(meeting));
    await send(meeting);
  }
}

function page(form) {
  const meeting = form.dataset.meeting;
  const [noNet, notKept] = ["no-net", "not-kept"].map((id) => document.getElementById(id));
  const put = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  let last = null;
  let sending = Promise.resolve("sent");

  function count() {
    const shown = [...form.querySelectorAll("fieldset[data-pupil]")].filter((one) => one.checkVisibility());
    const chosen = shown.map((one) => one.querySelector("input:checked")?.value).filter(Boolean);
    const of = (value) => chosen.filter((one) => one === value).length;
    const values = { done: chosen.length, all: shown.length, left: shown.length - chosen.length };
    Object.assign(values, { here: of("here"), told: of("told"), not_told: of("not_told") });
    for (const id of ["done-text", "done-parts"]) {
      const place = document.getElementById(id);
      place.textContent = put(place.dataset.text, values);
    }
    const done = document.getElementById("done");
    done.textContent = values.left ? put(done.dataset.text, values) : done.dataset.all;
    form.querySelector(".tp-bar-below .tp-bar-done").setAttribute("width", shown.length ? (100 * values.done) / shown.length : 0);
  }

  function tell(state) {
    notKept.hidden = state !== "refused";
    noNet.hidden = state !== "no-net";
    if (state === "no-net") {
      const text = noNet.querySelector("p");
      const time = (last || new Date()).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      text.querySelector("span").textContent = put(text.dataset.text, { time: time.replace(":", document.documentElement.lang === "en" ? ":" : ".") });
    }
    return state;
  }

  /** One sending at a time, in order. */
  function sync() {
    sending = sending.then(() => send(meeting)).then(tell);
    return sending;
  }

  function tap(input) {
    last = new Date();
    const marks = waiting(meeting);
    marks[input.closest("[data-pupil]").dataset.pupil] = [input.value, last.toISOString()];
    keep(meeting, marks);
  }

  form.addEventListener("change", (event) => {
    if (event.target.name?.startsWith("elev-")) {
      tap(event.target);
      sync();
    }
    count();
  });

  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (button?.name === "add") return;
    event.preventDefault();
    if (button?.name === "all") {
      for (const one of form.querySelectorAll("fieldset[data-pupil]")) {
        const here = one.querySelector('input[value="here"]');
        if (one.checkVisibility() && !one.querySelector("input:checked")) {
          here.checked = true;
          tap(here);
        }
      }
      count();
      sync();
    } else if ((await sync()) === "sent") location.assign(form.dataset.back);
  });

  for (const [entry, [value]] of Object.entries(waiting(meeting))) {
    const input = form.querySelector(`[data-pupil="${CSS.escape(entry)}"] input[value="${CSS.escape(value)}"]`);
    if (input) input.checked = true;
  }
  count();
  addEventListener("online", sync);
  sync();
}

if (form) page(form);
else sendAll();
addEventListener("online", sendAll);
