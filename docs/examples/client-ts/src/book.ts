// Books the next free time of a service for somebody, and says so when somebody else was faster.
//
//     node --experimental-strip-types src/book.ts https://daybook.example dbk_… SERVICE_ID "Anna Kowalska"

import createClient from "openapi-fetch";
import type { components, paths } from "./daybook.js";

type Booking = components["schemas"]["BookingView"];
type Problem = components["schemas"]["Problem"];

/** What went wrong, with the code that tells one problem from another. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.title}`);
  }
}

export async function bookNext(address: string, key: string, service: string, name: string): Promise<Booking> {
  const daybook = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${key}` } });

  const free = await daybook.GET("/api/v1/availability/next", {
    params: { query: { service_id: [service], limit: 1 } },
  });
  if (!free.data) throw new Refused(free.error);
  const slot = free.data.slots[0];
  if (!slot) throw new Error("there is no free time");

  const booked = await daybook.POST("/api/v1/bookings", {
    // Sent again with the same key, after a lost answer, it is not done twice.
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { service_id: service, staff_id: slot.staff_id, start: slot.start, client: { name } },
  });
  if (!booked.data) throw new Refused(booked.error);
  return booked.data;
}
