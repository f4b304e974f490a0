// What was booked, by the link that was given for it: seen, confirmed, moved, cancelled, reviewed.
import { button, busy, call, complain, dayOf, fault, field, h, hourOf, house, money, row, say, servedBy, show, summary, t, typed } from "./page.js";
import { times } from "./times.js";

const STATUS = { requested: "page-requested", confirmed: "page-confirmed", completed: "page-completed", no_show: "page-no-show", cancelled: "page-cancelled" };
const link = { token: null, proof: null };
/// The link stands behind `#`, which browsers send to nobody.
const readLink = () => {
  const given = new URLSearchParams(location.hash.slice(1) || location.search.slice(1));
  link.token = given.get("token") ?? "";
  link.proof = given.get("proof");
};
/// Another link may be opened in the same tab.
export const manages = () => {
  readLink();
  window.addEventListener("hashchange", () => { readLink(); say(); manage(); });
};
const byLink = (method, step, body) => call(method, `/bookings/manage${step}?token=${encodeURIComponent(link.token)}`, body);

export const manage = async () => {
  try {
    const booked = await byLink("GET", "");
    take(booked);
    managed(booked);
  } catch (refused) {
    if (refused.problem?.status === 404) show(t("page-your-booking"), h("p", {}, t("page-no-booking")));
    else {
      show(t("page-your-booking"), row(button(t("page-again"), () => { say(); manage(); })));
      complain(refused);
    }
  }
};

/// From here on it is done by the newest link.
const take = (booked) => {
  link.token = booked.manage_token;
  const proof = link.proof ? `&proof=${link.proof}` : "";
  history.replaceState(null, "", booked.manage_path + proof);
};

/// Does a step, and shows what became of it, under its newest link.
const act = async (step, body) => {
  try {
    const booked = await byLink("POST", step, body);
    link.proof = null;
    take(booked);
    say();
    managed(booked);
  } catch (refused) {
    complain(refused);
    if (refused.problem?.code === "link_superseded") manage();
  }
};
const step = (text, work, kind) => {
  const made = button(text, () => busy(made, work), kind);
  return made;
};

/// What its visitor does to confirm it: `email`, if they have just typed it.
export const confirming = (booked, email) => {
  // Just booked, the page does not stand at its link.
  link.token = booked.manage_token;
  if (link.proof) return row(step(t("page-confirm"), () => act("/confirm", { proof: link.proof }), "main"));
  const again = step(t("page-resend"), async () => {
    try {
      await byLink("POST", "/resend", { email: email ?? typed("email") });
      say(t("page-resent"));
    } catch (refused) {
      complain(refused);
    }
  });
  const address = email ? null : field("email", t("page-email"), { type: "email", autocomplete: "email" });
  if (house.policy.confirmation !== "code") return h("div", {}, address, row(again));
  const confirm = () => {
    fault("code", "");
    return act("/confirm", { code: typed("code") });
  };
  return h("div", {}, field("code", t("page-code"), { inputmode: "numeric", autocomplete: "one-time-code", maxlength: 12 }),
    row(step(t("page-confirm"), confirm, "main")), address, row(again));
};

const managed = (booked) => {
  const open = ["requested", "confirmed"].includes(booked.status);
  const waits = booked.confirm_by != null;
  const parts = [
    h("p", { role: "status" }, h("strong", {}, t(waits && !link.proof ? "page-check-mail" : STATUS[booked.status] ?? booked.status))),
    summary(new Date(booked.start), booked.services.map(servedBy), money(booked.price, booked.currency)),
    h("p", {}, `${t("page-reference")}: `, h("strong", {}, booked.reference)),
  ];
  if (booked.superseded) parts.push(h("p", {}, t("page-superseded")));
  if (waits) parts.push(confirming(booked));
  if (booked.can_reschedule || booked.can_cancel) {
    const until = new Date(booked.change_until);
    parts.push(h("p", { class: "soft" }, `${t("page-change-until")}: ${dayOf(until)}, ${hourOf(until)}`),
      row(button(t("page-move"), () => moveTo(booked)), button(t("page-cancel"), () => calledOff(booked))));
  } else if (open) {
    parts.push(h("p", {}, t("page-too-late")));
  }
  if (booked.can_review) parts.push(reviewing());
  show(t("page-your-booking"), ...parts);
};

const moveTo = (booked) => {
  say();
  const wanted = booked.services.filter((s) => ["requested", "confirmed"].includes(s.status))
    .map((s) => ({ service_id: s.service?.id, staff_id: s.session_id ? null : s.staff?.id }));
  const seat = booked.services.some((s) => s.session_id);
  let moving = false;
  times(wanted, async (slot, reload) => {
    if (moving) return;
    moving = true;
    await act("/reschedule", slot.session_id ? { session_id: slot.session_id } : { start: slot.start });
    moving = false;
    // Still here: somebody was faster.
    if (document.querySelector(".days")) reload();
  }, () => { say(); managed(booked); }, (slot) => (slot.session_id != null) === seat);
};

const calledOff = (booked) => {
  say();
  show(t("page-cancel-sure"), summary(new Date(booked.start), booked.services.map(servedBy), money(booked.price, booked.currency)),
    field("reason", t("page-reason"), { area: true }),
    row(button(t("page-back"), () => managed(booked)),
      step(t("page-cancel"), () => act("/cancel", typed("reason") ? { reason: typed("reason") } : {}), "main")));
};

const reviewing = () => {
  const stars = [1, 2, 3, 4, 5].map((n) => h("label", {}, h("input", { type: "radio", name: "rating", value: n }), ` ${n}`));
  const send = step(t("page-send"), async () => {
    const rating = Number(document.querySelector("input[name=rating]:checked")?.value);
    if (!rating) return;
    try {
      const review = { rating, ...(typed("review") ? { text: typed("review") } : {}) };
      await call("POST", `/reviews?token=${encodeURIComponent(link.token)}`, review);
      say(t("page-reviewed"));
    } catch (refused) {
      complain(refused);
    }
  }, "main");
  return h("div", {}, h("fieldset", {}, h("legend", {}, t("page-review")), h("div", { class: "times" }, stars)),
    field("review", t("page-review-text"), { area: true }), row(send));
};
