// The booking page: it books through the public API like any other program. No framework, nothing from elsewhere.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { slug, house, services, staff, texts, lang, narrow } = data;
  const api = `/api/v1/public/${encodeURIComponent(slug)}`;
  const t = (id) => texts[id] ?? id;
  const root = document.getElementById("app");
  const said = document.getElementById("said");
  const zone = house.time_zone;
  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const DAYS = 14;

  // ---- small words -------------------------------------------------------------------------------------------

  const h = (name, given = {}, ...inside) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(given)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value === true) element.setAttribute(key, "");
      else if (value !== false && value != null) element.setAttribute(key, value);
    }
    element.append(...inside.flat().filter((part) => part != null));
    return element;
  };
  const show = (title, ...inside) => {
    const heading = h("h2", { tabindex: "-1" }, title);
    root.replaceChildren(h("section", { class: "card" }, heading, ...inside));
    heading.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  };
  const say = (text, wrong = false) => {
    said.textContent = text ?? "";
    said.className = text ? `card notice${wrong ? " wrong" : ""}` : "";
  };
  const format = (options, tz = zone) => new Intl.DateTimeFormat(lang, { timeZone: tz, ...options });
  const dayOf = (at) => format({ weekday: "long", day: "numeric", month: "long" }).format(at);
  const hourOf = (at, tz) => format({ hour: "2-digit", minute: "2-digit" }, tz).format(at);
  const money = (amount, currency = house.currency) =>
    new Intl.NumberFormat(lang, { style: "currency", currency }).format(Number(amount));
  // The local date at the business, as the API writes dates.
  const dateOf = (at) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);
  const plus = (date, days) => {
    const at = new Date(`${date}T00:00:00Z`);
    at.setUTCDate(at.getUTCDate() + days);
    return at.toISOString().slice(0, 10);
  };
  const row = (...buttons) => h("div", { class: "row" }, ...buttons);
  const button = (text, onclick, kind) => h("button", { type: "button", onclick, class: kind }, text);

  class Refused extends Error {
    constructor(problem) {
      super(problem.detail ?? problem.title ?? t("page-trouble"));
      this.problem = problem;
    }
  }
  const call = async (method, path, body, more = {}) => {
    let answer;
    try {
      answer = await fetch(api + path, {
        method,
        headers: { "Accept-Language": lang, ...(body ? { "Content-Type": "application/json" } : {}), ...more.headers },
        body: body ? JSON.stringify(body) : undefined,
        keepalive: more.keepalive,
      });
    } catch {
      throw new Refused({ title: t("page-trouble") });
    }
    const text = await answer.text();
    const told = text ? JSON.parse(text) : {};
    if (!answer.ok) throw new Refused(told);
    return told;
  };

  // ---- proof of work -----------------------------------------------------------------------------------------

  const K = [], H0 = [];
  (() => {
    const frac = (x) => ((x - Math.floor(x)) * 0x100000000) | 0;
    for (let n = 2; K.length < 64; n++) {
      let prime = true;
      for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
      if (!prime) continue;
      if (H0.length < 8) H0.push(frac(Math.sqrt(n)));
      K.push(frac(Math.cbrt(n)));
    }
  })();
  // SHA-256: crypto.subtle is absent where the page is served without TLS, and slow for many short texts.
  const sha256 = (text) => {
    const bytes = new TextEncoder().encode(text);
    const length = (bytes.length + 9 + 63) & ~63;
    const view = new DataView(new ArrayBuffer(length));
    bytes.forEach((byte, i) => view.setUint8(i, byte));
    view.setUint8(bytes.length, 0x80);
    view.setUint32(length - 4, bytes.length * 8);
    const hash = [...H0], w = new Int32Array(64);
    const rot = (x, n) => (x >>> n) | (x << (32 - n));
    for (let at = 0; at < length; at += 64) {
      for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
      for (let i = 16; i < 64; i++) {
        const a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (rot(a, 7) ^ rot(a, 18) ^ (a >>> 3)) + w[i - 7] + (rot(b, 17) ^ rot(b, 19) ^ (b >>> 10));
      }
      let [a, b, c, d, e, f, g, k] = hash;
      for (let i = 0; i < 64; i++) {
        const one = (k + (rot(e, 6) ^ rot(e, 11) ^ rot(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const two = ((rot(a, 2) ^ rot(a, 13) ^ rot(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        k = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
      }
      [a, b, c, d, e, f, g, k].forEach((x, i) => { hash[i] = (hash[i] + x) | 0; });
    }
    return hash;
  };
  const zeros = (hash) => {
    let bits = 0;
    for (const word of hash) {
      bits += Math.clz32(word);
      if (word !== 0) break;
    }
    return bits;
  };
  const solved = async () => {
    const asked = await call("GET", "/challenge");
    if (asked.kind !== "proof_of_work") return undefined;
    for (let number = 0; ; number++) {
      const text = `${asked.challenge}:${number}`;
      if (zeros(sha256(text)) >= asked.bits) return text;
      if (number % 2000 === 1999) await new Promise((next) => setTimeout(next));
    }
  };

  // ---- times -------------------------------------------------------------------------------------------------

  /// Days with their times; `pick` is called with the slot that was chosen.
  const times = (wanted, pick, back) => {
    let first = dateOf(new Date());
    const last = plus(first, house.policy.horizon_days);
    const list = h("div", { "aria-busy": "true" });
    const ask = new URLSearchParams();
    wanted.forEach(({ service_id, staff_id }) => {
      ask.append("service_id", service_id);
      if (staff_id) ask.append("staff_id", staff_id);
    });
    const load = async () => {
      list.setAttribute("aria-busy", "true");
      list.replaceChildren(h("p", { class: "soft" }, t("page-loading")));
      const to = plus(first, DAYS - 1);
      try {
        const { slots } = await call("GET", `/availability?${ask}&from=${first}&to=${to}`);
        const days = new Map();
        slots.forEach((slot) => {
          const day = slot.local_start.slice(0, 10);
          days.set(day, [...(days.get(day) ?? []), slot]);
        });
        list.replaceChildren(...[...days.values()].map((slots) => h("div", {},
          h("h3", {}, dayOf(new Date(slots[0].start))),
          h("div", { class: "times" }, slots.map((slot) => {
            const at = new Date(slot.start);
            const away = zone !== ownZone && hourOf(at, ownZone) !== hourOf(at, zone);
            const own = away ? ` (${t("page-your-time")} ${hourOf(at, ownZone)})` : "";
            return button(hourOf(at, zone) + own, () => pick(slot, load));
          })))));
        if (!slots.length) {
          list.replaceChildren(h("p", {}, t("page-no-times")),
            button(t("page-next-free"), async () => {
              try {
                const next = await call("GET", `/availability/next?${ask}&limit=1`);
                if (next.slots.length) { first = next.slots[0].local_start.slice(0, 10); load(); }
                else say(t("page-no-times"));
              } catch (refused) { say(refused.message, true); }
            }));
        }
      } catch (refused) {
        list.replaceChildren();
        say(refused.message, true);
      }
      list.setAttribute("aria-busy", "false");
      earlier.disabled = first <= dateOf(new Date());
      later.disabled = plus(first, DAYS) > last;
    };
    const earlier = button(`← ${t("page-earlier")}`, () => { first = plus(first, -DAYS); load(); });
    const later = button(`${t("page-later")} →`, () => { first = plus(first, DAYS); load(); });
    show(t("page-when"),
      h("p", { class: "soft" }, `${t("page-times-in")} ${zone}`),
      row(earlier, later), list, row(button(t("page-back"), back)));
    load();
  };

  // ---- booking -----------------------------------------------------------------------------------------------

  const wish = { services: new Set(), staff: null, hold: null, slot: null, key: null };
  const letGo = () => {
    if (wish.hold) call("DELETE", `/holds/${wish.hold}`, undefined, { keepalive: true }).catch(() => {});
    wish.hold = null;
  };
  const wanted = () => [...wish.services].map((id) => ({ service_id: id, ...(wish.staff ? { staff_id: wish.staff } : {}) }));
  const body = () => {
    const all = wanted();
    return all.length === 1 ? all[0] : { services: all };
  };

  const chooseServices = () => {
    say();
    const offered = services.filter((service) => !narrow.service || service.id === narrow.service)
      .filter((service) => !narrow.staff || service.staff.some((who) => who.staff_id === narrow.staff));
    const next = button(t("page-next"), () => chooseStaff(), "main");
    next.disabled = wish.services.size === 0;
    show(t("page-what"),
      h("fieldset", {}, h("legend", { class: "soft" }, t("page-what-hint")),
        h("ul", { class: "choices" }, offered.map((service) => h("li", {}, h("label", {},
          h("input", { type: "checkbox", checked: wish.services.has(service.id), onchange: (event) => {
            if (event.target.checked) wish.services.add(service.id); else wish.services.delete(service.id);
            next.disabled = wish.services.size === 0;
          } }),
          h("span", { class: "grow" }, h("strong", {}, service.name),
            h("br"), h("span", { class: "soft" }, `${service.duration_min} ${t("page-minutes")}`),
            service.description ? h("span", { class: "soft lines" }, h("br"), service.description) : null),
          h("span", { class: "price" }, money(service.price))))))),
      row(h("span"), next));
  };

  const chooseStaff = () => {
    say();
    const able = staff.filter((who) => [...wish.services].every((id) => who.service_ids.includes(id)));
    if (narrow.staff && able.some((who) => who.id === narrow.staff)) {
      wish.staff = narrow.staff;
      return chooseTime();
    }
    if (able.length < 2) {
      wish.staff = null;
      return chooseTime();
    }
    const choice = (id, name) => h("li", {}, h("label", {},
      h("input", { type: "radio", name: "staff", checked: wish.staff === id, onchange: () => { wish.staff = id; } }),
      h("span", { class: "grow" }, name)));
    show(t("page-who"),
      h("fieldset", {}, h("ul", { class: "choices" }, choice(null, t("page-anyone")), able.map((who) => choice(who.id, who.name)))),
      row(button(t("page-back"), chooseServices), button(t("page-next"), chooseTime, "main")));
  };

  const chooseTime = () => {
    say();
    const back = () => (staff.length > 1 && !narrow.staff ? chooseStaff() : chooseServices());
    times(wanted(), async (slot, reload) => {
      try {
        const held = await call("POST", "/holds", { ...body(), start: slot.start, ...(wish.hold ? { instead_of: wish.hold } : {}) });
        wish.hold = held.id;
        wish.slot = slot;
        wish.key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
        say();
        details();
      } catch (refused) {
        say(refused.message, true);
        if (refused.problem.code === "slot_taken") reload();
      }
    }, back);
  };

  const field = (id, label, given = {}) => {
    const { area, hint, ...rest } = given;
    const input = h(area ? "textarea" : "input", { id, name: id, "aria-describedby": `${id}-error`, ...(area ? { rows: 3 } : {}), ...rest });
    return h("div", { class: "field" }, h("label", { for: id }, label), input,
      hint ? h("p", { class: "soft" }, hint) : null, h("p", { class: "error", id: `${id}-error` }));
  };
  const fault = (id, message) => {
    const input = document.getElementById(id);
    const place = document.getElementById(`${id}-error`);
    if (!input || !place) return false;
    input.setAttribute("aria-invalid", message ? "true" : "false");
    place.textContent = message;
    return true;
  };
  const summary = (at, names, price) => h("dl", {},
    h("dt", {}, t("page-what")), h("dd", {}, names.join(", ")),
    h("dt", {}, t("page-when")), h("dd", {}, `${dayOf(at)}, ${hourOf(at, zone)} (${zone})`),
    h("dt", {}, t("page-price")), h("dd", {}, price));

  const details = () => {
    const confirmed = house.policy.confirmation !== "none";
    const names = [...wish.services].map((id) => services.find((service) => service.id === id).name);
    const price = [...wish.services].reduce((sum, id) => sum + Number(services.find((s) => s.id === id).price), 0);
    const send = h("button", { type: "submit", class: "main" }, t("page-book"));
    const form = h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); submit(form, send); } },
      field("name", t("page-name"), { autocomplete: "name", required: true }),
      field("phone", t("page-phone"), { type: "tel", autocomplete: "tel", hint: confirmed ? null : t("page-phone-or-email") }),
      field("email", t("page-email"), { type: "email", autocomplete: "email", required: confirmed, hint: confirmed ? t("page-email-hint") : null }),
      field("comment", t("page-comment"), { area: true }),
      house.consents.map((consent) => h("div", { class: "consent" },
        h("input", { type: "checkbox", id: `consent-${consent.consent}`, required: consent.required }),
        h("label", { for: `consent-${consent.consent}`, class: "lines" },
          consent.text, consent.required ? ` (${t("page-required")})` : ""))),
      row(button(t("page-back"), () => { letGo(); chooseTime(); }), send));
    show(t("page-you"), summary(new Date(wish.slot.start), names, money(price)),
      h("p", { class: "soft" }, t("page-held")), form);
  };

  const FIELDS = { "client.name": "name", "client.phone": "phone", "client.email": "email", comment: "comment" };
  const submit = async (form, send) => {
    say();
    Object.values(FIELDS).forEach((id) => fault(id, ""));
    const value = (id) => form.elements[id].value.trim();
    const missing = house.consents.some((c) => c.required && !document.getElementById(`consent-${c.consent}`).checked);
    if (missing) return say(t("page-consent-missing"), true);
    send.disabled = true;
    send.textContent = t("page-loading");
    try {
      const client = { name: value("name") };
      if (value("phone")) client.phone = value("phone");
      if (value("email")) client.email = value("email");
      const wished = { ...body(), start: wish.slot.start, client, language: lang };
      if (wish.hold) wished.hold = wish.hold;
      if (value("comment")) wished.comment = value("comment");
      wished.consents = house.consents
        .filter((c) => document.getElementById(`consent-${c.consent}`).checked)
        .map(({ consent, version }) => ({ consent, version }));
      if (house.policy.challenge === "proof_of_work") wished.challenge = await solved();
      const booked = await call("POST", "/bookings", wished, { headers: { "Idempotency-Key": wish.key } });
      wish.hold = null;
      done(booked);
    } catch (refused) {
      // Another try is another request.
      wish.key = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
      const unplaced = (refused.problem?.violations ?? []).filter(({ field, message }) =>
        !(FIELDS[field] && fault(FIELDS[field], message)));
      const more = unplaced.map(({ message }) => message).join("; ");
      say([refused.message, more].filter(Boolean).join(": "), true);
      document.querySelector("[aria-invalid=true]")?.focus();
      if (refused.problem?.code === "slot_taken") { letGo(); chooseTime(); say(refused.message, true); }
    } finally {
      send.disabled = false;
      send.textContent = t("page-book");
    }
  };

  const done = (booked) => {
    say();
    const waits = booked.confirm_by != null;
    const status = waits ? t("page-check-mail") : booked.status === "requested" ? t("page-requested") : t("page-confirmed");
    show(t("page-done"), h("p", { role: "status" }, status),
      summary(new Date(booked.start), booked.services.map((s) => s.service?.name ?? ""), money(booked.price, booked.currency)),
      h("p", {}, `${t("page-reference")}: `, h("strong", {}, booked.reference)),
      h("p", {}, t("page-keep-link")),
      row(h("a", { class: "button", href: booked.manage_path }, t("page-manage"))));
  };

  // ---- managing ----------------------------------------------------------------------------------------------

  const STATUS = { requested: "page-requested", confirmed: "page-confirmed", completed: "page-completed", no_show: "page-no-show", cancelled: "page-cancelled" };
  const hash = new URLSearchParams(location.hash.slice(1) || location.search.slice(1));
  const link = { token: hash.get("token"), proof: hash.get("proof") };
  const byLink = async (method, step, body) => call(method, `/bookings/manage${step}?token=${encodeURIComponent(link.token)}`, body);
  const renew = (booked) => {
    if (booked.manage_token) {
      link.token = booked.manage_token;
      history.replaceState(null, "", `#token=${booked.manage_token}`);
    }
  };

  const manage = async () => {
    try {
      managed(await byLink("GET", ""));
    } catch (refused) {
      show(t("page-your-booking"), h("p", {}, t("page-no-booking")));
    }
  };

  const act = (step, body) => async () => {
    try {
      const booked = await byLink("POST", step, body());
      renew(booked);
      link.proof = null;
      say();
      managed(booked);
    } catch (refused) {
      const why = (refused.problem?.violations ?? []).map(({ message }) => message).join("; ");
      say([refused.message, why].filter(Boolean).join(": "), true);
    }
  };

  const managed = (booked) => {
    const names = booked.services.map((s) => [s.service?.name, s.staff?.name].filter(Boolean).join(" – "));
    const parts = [h("p", { role: "status" }, h("strong", {}, t(STATUS[booked.status] ?? booked.status))),
      summary(new Date(booked.start), names, money(booked.price, booked.currency)),
      h("p", {}, `${t("page-reference")}: `, h("strong", {}, booked.reference))];
    if (booked.superseded) parts.push(h("p", {}, t("page-superseded")));
    if (booked.confirm_by && link.proof) {
      parts.push(row(button(t("page-confirm"), act("/confirm", () => ({ proof: link.proof })), "main")));
    } else if (booked.confirm_by && house.policy.confirmation === "code") {
      parts.push(field("code", t("page-code"), { inputmode: "numeric", autocomplete: "one-time-code" }),
        row(button(t("page-confirm"), act("/confirm", () => ({ code: document.getElementById("code").value })), "main")));
    } else if (booked.confirm_by) {
      parts.push(h("p", {}, t("page-check-mail")));
    }
    if (booked.can_reschedule || booked.can_cancel) {
      const until = new Date(booked.change_until);
      parts.push(h("p", { class: "soft" }, `${t("page-change-until")}: ${dayOf(until)}, ${hourOf(until, zone)}`),
        row(button(t("page-move"), () => moveTo(booked)), button(t("page-cancel"), () => calledOff(booked))));
    } else if (!booked.superseded && ["requested", "confirmed"].includes(booked.status)) {
      parts.push(h("p", {}, t("page-too-late")));
    }
    show(t("page-your-booking"), ...parts);
  };

  const moveTo = (booked) => {
    const wanted = booked.services.filter((s) => ["requested", "confirmed"].includes(s.status))
      .map((s) => ({ service_id: s.service?.id, staff_id: s.staff?.id }));
    times(wanted, (slot) => act("/reschedule", () => ({ start: slot.start }))(), manage);
  };

  const calledOff = (booked) => {
    show(t("page-cancel-sure"), field("reason", t("page-reason"), { area: true }),
      row(button(t("page-back"), () => managed(booked)),
        button(t("page-cancel"), act("/cancel", () => {
          const reason = document.getElementById("reason").value.trim();
          return reason ? { reason } : {};
        }), "main")));
  };

  window.addEventListener("pagehide", letGo);
  if (data.page === "manage") {
    manage();
  } else {
    if (narrow.service) wish.services.add(narrow.service);
    if (narrow.service && services.some((service) => service.id === narrow.service)) chooseStaff();
    else chooseServices();
  }
})();
