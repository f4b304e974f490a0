// Days with their free times.
import { button, call, complain, dateOf, dayOf, exactHourOf, h, hourOf, house, ownHourOf, ownZone, plus, row, say, show, t, zone } from "./page.js";

/// Days that are shown at a time.
const DAYS = 7;

/// Free times for what is wanted, those that `fit`; `pick` is called with the slot that was chosen, `back` with nothing.
export const times = (wanted, pick, back, fits = () => true) => {
  const today = dateOf(new Date());
  let first = today;
  const last = plus(today, house.policy.horizon_days);
  const list = h("div", { class: "days", "aria-busy": "true", "aria-live": "polite" });
  const ask = new URLSearchParams();
  wanted.forEach(({ service_id, staff_id }) => {
    ask.append("service_id", service_id);
    if (staff_id) ask.append("staff_id", staff_id);
  });
  const day = (slots) => {
    const hours = slots.map((slot) => hourOf(new Date(slot.start)));
    return h("section", {},
      h("h3", {}, dayOf(new Date(slots[0].start))),
      h("div", { class: "times" }, slots.map((slot) => {
        const at = new Date(slot.start);
        const own = ownHourOf(at);
        const hour = hourOf(at);
        const twice = hours.indexOf(hour) !== hours.lastIndexOf(hour);
        const time = button(twice ? exactHourOf(at) : hour, () => pick(slot, load));
        if (own) time.append(h("span", { class: "own" }, own));
        if (slot.session_id) time.append(h("span", { class: "own" }, `${t("page-seats")}: ${slot.seats_left}`));
        return time;
      })));
  };
  const none = () => h("div", {}, h("p", {}, t("page-no-times")), button(t("page-next-free"), async () => {
    try {
      const next = await call("GET", `/availability/next?${ask}&limit=1`);
      if (!next.slots.length) return say(t("page-no-times"));
      first = next.slots[0].local_start.slice(0, 10);
      load();
    } catch (refused) {
      complain(refused);
    }
  }));
  // Who clicks on before an answer has come wants the last one.
  let asked = 0;
  const load = async () => {
    const mine = ++asked;
    list.setAttribute("aria-busy", "true");
    list.replaceChildren(h("p", { class: "soft" }, t("page-loading")));
    earlier.disabled = first <= today;
    later.disabled = plus(first, DAYS) > last;
    const days = new Map();
    try {
      const { slots } = await call("GET", `/availability?${ask}&from=${first}&to=${plus(first, DAYS - 1)}`);
      if (mine !== asked) return;
      slots.filter(fits).forEach((slot) => {
        const date = slot.local_start.slice(0, 10);
        days.set(date, [...(days.get(date) ?? []), slot]);
      });
      list.replaceChildren(...(days.size ? [...days.values()].map(day) : [none()]));
    } catch (refused) {
      if (mine !== asked) return;
      list.replaceChildren(button(t("page-again"), load));
      complain(refused);
    }
    list.setAttribute("aria-busy", "false");
  };
  const earlier = button(`← ${t("page-earlier")}`, () => { say(); first = plus(first, -DAYS); load(); });
  const later = button(`${t("page-later")} →`, () => { say(); first = plus(first, DAYS); load(); });
  show(t("page-when"),
    h("p", { class: "soft" }, `${t("page-times-in")} ${zone}${ownZone && ownZone !== zone ? ` (${t("page-your-time")}: ${ownZone})` : ""}`),
    row(earlier, later), list, row(button(t("page-back"), back)));
  load();
};
