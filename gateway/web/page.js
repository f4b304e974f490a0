// What all of the booking page stands on: the house, words, elements, and the public API. No framework, nothing from
// elsewhere.

/// What the service wrote into the page.
export const data = JSON.parse(document.getElementById("data").textContent);
export const { slug, house, services, staff, texts, lang, narrow } = data;
export const t = (id) => texts[id] ?? id;

const root = document.getElementById("app");
const said = document.getElementById("said");

// ---- elements ------------------------------------------------------------------------------------------------

export const h = (name, given = {}, ...inside) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...inside.flat().filter((part) => part != null));
  return element;
};

/// Turns to another step. Its heading gets the focus, so that readers of any kind know where they are.
export const show = (title, ...inside) => {
  const heading = h("h2", { tabindex: "-1" }, title);
  root.replaceChildren(h("section", { class: "card" }, heading, ...inside));
  heading.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
};

/// Says something above the step; nothing takes it away.
export const say = (text, wrong = false) => {
  said.textContent = text ?? "";
  said.className = text ? `card notice${wrong ? " wrong" : ""}` : "";
  if (text) said.scrollIntoView({ block: "nearest" });
};

/// Says why something was refused, fields at fault included.
export const complain = (refused, violations = refused.problem?.violations ?? []) => {
  const why = violations.map(({ message }) => message).join("; ");
  say([refused.message, why].filter(Boolean).join(": "), true);
};

export const row = (...buttons) => h("div", { class: "row" }, ...buttons);
export const button = (text, onclick, kind) => h("button", { type: "button", onclick, class: kind }, text);

export const field = (id, label, given = {}) => {
  const { area, hint, ...rest } = given;
  const told = hint ? `${id}-hint ${id}-error` : `${id}-error`;
  const input = h(area ? "textarea" : "input", { id, name: id, "aria-describedby": told, ...(area ? { rows: 3 } : {}), ...rest });
  return h("div", { class: "field" },
    h("label", { for: id }, label, rest.required ? h("span", { class: "soft" }, ` (${t("page-required")})`) : null), input,
    hint ? h("p", { class: "soft", id: `${id}-hint` }, hint) : null, h("p", { class: "error", id: `${id}-error` }));
};

/// Marks a field as wrong, or with no message as right again. False: there is no such field.
export const fault = (id, message) => {
  const input = document.getElementById(id);
  const place = document.getElementById(`${id}-error`);
  if (!input || !place) return false;
  if (message) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  place.textContent = message;
  return true;
};

/// What was typed.
export const typed = (id) => document.getElementById(id)?.value.trim() ?? "";

// ---- time and money ------------------------------------------------------------------------------------------

export const zone = house.time_zone;
export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
// As the visitor writes dates, where they speak the page's language: 28 March, or March 28.
const locale = navigator.languages.find((own) => own.split("-")[0] === lang) ?? lang;
const format = (options, tz = zone) => new Intl.DateTimeFormat(locale, { timeZone: tz, ...options });

export const dayOf = (at) => format({ weekday: "long", day: "numeric", month: "long" }).format(at);
export const hourOf = (at, tz) => format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, tz).format(at);
/// With how far it is from UTC: of an hour that comes twice on one day.
export const exactHourOf = (at) =>
  format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "shortOffset" }).format(at);
/// The same moment by the visitor's clock, where that shows another time.
export const ownHourOf = (at) => {
  if (!ownZone || hourOf(at, ownZone) === hourOf(at, zone)) return null;
  const day = (tz) => format({ weekday: "short" }, tz).format(at);
  const theirs = day(ownZone) === day(zone) ? "" : `${day(ownZone)} `;
  return `${t("page-your-time")} ${theirs}${hourOf(at, ownZone)}`;
};
/// The local date at the business, as the API writes dates.
export const dateOf = (at) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);
export const plus = (date, days) => {
  const at = new Date(`${date}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
};
export const money = (amount, currency = house.currency) =>
  new Intl.NumberFormat(locale, { style: "currency", currency }).format(Number(amount));

/// What, when, by whom, for how much.
export const summary = (at, names, price) => {
  const own = ownHourOf(at);
  return h("dl", {},
    h("dt", {}, t("page-what")), h("dd", {}, names.map((name) => h("div", {}, name))),
    h("dt", {}, t("page-when")), h("dd", {}, `${dayOf(at)}, ${hourOf(at, zone)} (${zone})`, own ? h("div", { class: "soft" }, own) : null),
    h("dt", {}, t("page-price")), h("dd", {}, price));
};

/// A service, and who does it.
export const servedBy = ({ service, staff: who }) => [service?.name, who?.name].filter(Boolean).join(" – ");

// ---- the API -------------------------------------------------------------------------------------------------

const api = `/api/v1/public/${encodeURIComponent(slug)}`;

export class Refused extends Error {
  /// `problem` as the API told it; null: it did not answer, and nobody knows what became of the request.
  constructor(problem) {
    super(problem?.detail ?? problem?.title ?? t("page-trouble"));
    this.problem = problem;
  }
}

export const call = async (method, path, body, more = {}) => {
  let answer, told;
  try {
    answer = await fetch(api + path, {
      method,
      headers: { "Accept-Language": lang, ...(body ? { "Content-Type": "application/json" } : {}), ...more.headers },
      body: body ? JSON.stringify(body) : undefined,
      keepalive: more.keepalive,
    });
    const text = await answer.text();
    told = text ? JSON.parse(text) : {};
  } catch {
    throw new Refused(null);
  }
  if (!answer.ok) throw new Refused(told);
  return told;
};

/// Does something once at a time: a second click waits for nothing and does nothing.
export const busy = async (element, work) => {
  if (element.disabled) return;
  const text = element.textContent;
  element.disabled = true;
  element.textContent = t("page-loading");
  try {
    await work();
  } finally {
    element.disabled = false;
    element.textContent = text;
  }
};
