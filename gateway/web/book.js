// The booking page: it books through the public API like any other program.
import {
  button, busy, call, complain, data, fault, field, h, house, lang, money, narrow, row, say, servedBy, services, show, staff,
  summary, t, typed,
} from "./page.js";
import { confirming, manage, manages } from "./manage.js";
import { times } from "./times.js";

/// What the visitor has chosen so far. `held` is what the house keeps for them meanwhile.
const wish = { services: new Set(), staff: null, slot: null, held: null, key: null };

const newKey = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join("-");
const letGo = async () => {
  const { held } = wish;
  wish.held = null;
  if (held) await call("DELETE", `/holds/${held.id}`, undefined, { keepalive: true }).catch(() => {});
};
const wanted = () => [...wish.services].map((id) => ({ service_id: id, ...(wish.staff ? { staff_id: wish.staff } : {}) }));
const body = () => {
  const all = wanted();
  return all.length === 1 ? all[0] : { services: all };
};
/// Those who do all that is chosen.
const able = () => staff.filter((who) => [...wish.services].every((id) => who.service_ids.includes(id)));

// ---- what ----------------------------------------------------------------------------------------------------

const chooseServices = () => {
  say();
  const offered = services.filter((service) => !narrow.service || service.id === narrow.service)
    .filter((service) => !narrow.staff || service.staff.some((who) => who.staff_id === narrow.staff));
  const next = button(t("page-next"), chooseStaff, "main");
  next.disabled = wish.services.size === 0;
  const toggle = (id) => (event) => {
    if (event.target.checked) wish.services.add(id); else wish.services.delete(id);
    next.disabled = wish.services.size === 0;
  };
  // What it costs and takes with whom the page is of; else what it usually does.
  const terms = (service) => service.staff.find((who) => who.staff_id === narrow.staff) ?? service;
  show(t("page-what"),
    h("fieldset", {}, h("legend", { class: "soft" }, t("page-what-hint")),
      h("ul", { class: "choices" }, offered.map((service) => h("li", {}, h("label", {},
        h("input", { type: "checkbox", checked: wish.services.has(service.id), onchange: toggle(service.id) }),
        h("span", { class: "grow" }, h("strong", {}, service.name),
          h("span", { class: "soft under" }, `${terms(service).duration_min} ${t("page-minutes")}`),
          service.description ? h("span", { class: "soft under lines" }, service.description) : null),
        h("span", { class: "price" }, money(terms(service).price))))))),
    row(h("span"), next));
};

// ---- with whom -----------------------------------------------------------------------------------------------

const chooseStaff = () => {
  say();
  const who = able();
  if (narrow.staff && who.some(({ id }) => id === narrow.staff)) {
    wish.staff = narrow.staff;
    return chooseTime();
  }
  if (!who.some(({ id }) => id === wish.staff)) wish.staff = null;
  if (who.length < 2) return chooseTime();
  const choice = (id, name) => h("li", {}, h("label", {},
    h("input", { type: "radio", name: "staff", checked: wish.staff === id, onchange: () => { wish.staff = id; } }),
    h("span", { class: "grow" }, name)));
  show(t("page-who"),
    h("fieldset", {}, h("legend", { class: "hidden" }, t("page-who")),
      h("ul", { class: "choices" }, choice(null, t("page-anyone")), who.map(({ id, name }) => choice(id, name)))),
    row(narrow.service ? h("span") : button(t("page-back"), chooseServices), button(t("page-next"), chooseTime, "main")));
};

// ---- when ----------------------------------------------------------------------------------------------------

const chooseTime = () => {
  say();
  const asksWhom = able().length > 1 && !narrow.staff;
  times(wanted(), async (slot, reload) => {
    say();
    // A seat in a class is not held: the first who books has one.
    if (slot.session_id) letGo();
    else try {
      wish.held = await call("POST", "/holds", { ...body(), start: slot.start, ...(wish.held ? { instead_of: wish.held.id } : {}) });
    } catch (refused) {
      // Who may hold no more books without a hold: the time is theirs if they are the first.
      if (refused.problem?.code !== "too_many_requests") {
        complain(refused);
        if (refused.problem?.code === "slot_taken") reload();
        return;
      }
    }
    wish.slot = slot;
    wish.key = newKey();
    details();
  }, asksWhom ? chooseStaff : chooseServices);
};

// ---- who -----------------------------------------------------------------------------------------------------

/// What was chosen, as the house holds it; else as it usually is.
const chosen = () => {
  const start = new Date(wish.slot.start);
  if (wish.held) return summary(start, wish.held.services.map(servedBy), money(wish.held.price));
  const all = [...wish.services].map((id) => services.find((service) => service.id === id));
  const price = (service) => (service.staff.find((who) => who.staff_id === wish.staff) ?? service).price;
  return summary(start, all.map(({ name }) => name), money(all.reduce((sum, service) => sum + Number(price(service)), 0)));
};

const details = () => {
  const confirmed = house.policy.confirmation !== "none";
  const send = h("button", { type: "submit", class: "main" }, t("page-book"));
  const consents = house.consents.map((consent) => h("div", { class: "consent" },
    h("input", { type: "checkbox", id: `consent-${consent.consent}`, required: consent.required }),
    h("label", { for: `consent-${consent.consent}`, class: "lines" },
      consent.text, consent.required ? ` (${t("page-required")})` : "")));
  const form = h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); busy(send, submit); } },
    field("name", t("page-name"), { autocomplete: "name", required: true, maxlength: 200 }),
    field("phone", t("page-phone"), { type: "tel", autocomplete: "tel", hint: confirmed ? null : t("page-phone-or-email") }),
    field("email", t("page-email"), { type: "email", autocomplete: "email", required: confirmed, hint: confirmed ? t("page-email-hint") : null }),
    field("comment", t("page-comment"), { area: true }),
    consents,
    row(button(t("page-back"), async () => { await letGo(); chooseTime(); }), send));
  show(t("page-you"), chosen(), wish.held ? h("p", { class: "soft" }, t("page-held")) : null, form);
};

const FIELDS = { "client.name": "name", "client.phone": "phone", "client.email": "email", comment: "comment" };
const submit = async () => {
  say();
  Object.values(FIELDS).forEach((id) => fault(id, ""));
  const agreed = house.consents.filter(({ consent }) => document.getElementById(`consent-${consent}`).checked);
  if (house.consents.some((consent) => consent.required && !agreed.includes(consent))) {
    return say(t("page-consent-missing"), true);
  }
  const client = { name: typed("name") };
  if (typed("phone")) client.phone = typed("phone");
  if (typed("email")) client.email = typed("email");
  const booking = {
    ...(wish.slot.session_id ? { session_id: wish.slot.session_id } : { ...body(), start: wish.slot.start }), client, language: lang,
    consents: agreed.map(({ consent, version }) => ({ consent, version })),
  };
  if (wish.held) booking.hold = wish.held.id;
  if (typed("comment")) booking.comment = typed("comment");
  try {
    if (house.policy.challenge === "proof_of_work") {
      const { solved } = await import("./work.js");
      booking.challenge = await solved();
    }
    const booked = await call("POST", "/bookings", booking, { headers: { "Idempotency-Key": wish.key } });
    wish.held = null;
    done(booked, client.email);
  } catch (refused) {
    // What was answered was not done: another try is another request. What was not may have been: the same one again.
    if (refused.problem) wish.key = newKey();
    if (refused.problem?.code === "slot_taken") {
      await letGo();
      chooseTime();
      return complain(refused);
    }
    const unplaced = (refused.problem?.violations ?? []).filter(({ field, message }) =>
      !(FIELDS[field] && fault(FIELDS[field], message)));
    complain(refused, unplaced);
    document.querySelector("[aria-invalid=true]")?.focus();
  }
};

const done = (booked, email) => {
  say();
  const waits = booked.confirm_by != null;
  const status = waits ? t("page-check-mail") : booked.status === "requested" ? t("page-requested") : t("page-confirmed");
  show(t("page-done"), h("p", { role: "status" }, status),
    summary(new Date(booked.start), booked.services.map(servedBy), money(booked.price, booked.currency)),
    h("p", {}, `${t("page-reference")}: `, h("strong", {}, booked.reference)),
    waits ? confirming(booked, email) : null,
    h("p", {}, t("page-keep-link")),
    // Where bookings are managed stands in nobody's frame.
    row(h("a", { class: "button", href: booked.manage_path, target: window.top === window ? null : "_blank", rel: "noopener" }, t("page-manage"))));
};

if (data.page === "manage") {
  manages();
  manage();
} else {
  window.addEventListener("pagehide", letGo);
  if (narrow.service) {
    wish.services.add(narrow.service);
    chooseStaff();
  } else {
    chooseServices();
  }
}
