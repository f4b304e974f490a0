# Titles of problems

problem-malformed = The request cannot be read
problem-unauthenticated = Sign in, or give a valid API key
problem-bad-credentials = The e-mail address or the password is wrong
problem-code-required = A code of your authenticator is needed
problem-forbidden = You may not do this
problem-module-off = This part of Daybook is switched off
problem-cross-site = The request came from another site
problem-not-found = There is no such thing here
problem-method-not-allowed = This cannot be done at this address
problem-slot-taken = The time is taken
problem-conflict = Something stands in the way
problem-wrong-state = This does not fit where things stand
problem-bookings-affected = There are bookings in that time
problem-cannot-revert = The change cannot be put back
problem-stale = It was changed since you read it
problem-too-large = The request is too large
problem-unsupported-media-type = This kind of content is not taken here
problem-invalid = Some fields need another look
problem-idempotency-key-reused = The Idempotency-Key was used for another request
problem-too-many-requests = Too many attempts; wait a little
problem-internal = Something went wrong on our side
problem-unavailable = The service cannot do this at the moment
problem-not-yet = What is asked for is not ready yet

# Particulars of one case

detail-bad-json = The body is not valid JSON: { $what }
detail-not-utf8 = The body is not valid UTF-8.
detail-body-lost = The body did not arrive whole.
detail-being-built = It is being put together for the first time, and is told once it is complete.
detail-too-large = At most { $max } bytes are taken.
detail-wants-type = Send it as { $wanted }.
detail-no-token = The request carries neither an API key nor a session.
detail-unknown-token = The API key or session is unknown, expired or revoked.
detail-no-route = There is nothing at this address.
detail-module-off = The business has the module { $module } switched off.
detail-needs-right = It needs the right { $right }.
detail-wrong-code = That code is not good, or was used.
detail-link-used = The link is not good any more: it was used, or is too old.
detail-above-you = Nobody grants more than they have, or decides about who stands as high as they.
detail-last-owner = They are the last owner who can sign in; make somebody else an owner first.
detail-keys-in-a-row = A key may issue keys, and those may again, but at most { $max } in a row.
detail-yourself = Nobody shuts themselves out.
detail-not-invited = There is no invitation to renew: they have joined, or were disabled.
detail-owners-have-all = An owner has every right.
detail-no-user = An API key has no profile, sessions or password: sign in.
detail-moved-on = It was changed at the same moment. Read it again and retry.
detail-stale = It stands at version { $version }.
detail-revert-beginning = The thing came to be by this change.
detail-revert-lasting = Nothing undoes this change.
detail-revert-changed-since = { $field } was changed again since.
detail-revert-as-before = Everything stands as it did before this change.
detail-revert-erased = What it was before has been erased.
detail-revert-gone = { $field }: takes no more bookings.
detail-name-taken = The name is in use ({ $kind }).
detail-bookings-affected = { $count ->
    [one] One booking lies in that time. Send keep_bookings: true to keep it there.
   *[other] { $count } bookings lie in that time. Send keep_bookings: true to keep them there.
}
detail-erased = This person's data was erased; nothing more can be written about them.
detail-crowded = Too many changes of this business are waiting.
detail-exports-busy = As many exports as may be made at a time are being made. Try again in a moment.
detail-too-costly = This takes the database too long. Narrow it: a shorter period, fewer conditions.
detail-outcome-unknown = The database was lost before it answered: the change may have been made. Send it again with the same Idempotency-Key.
detail-withdrawn = The service was withdrawn.
detail-left = The staff member has left.
detail-retired = The desk was retired.
detail-wrong-state = The booking is { $status }.
detail-deleted = The booking is deleted; restore it first.
detail-not-arrived = The client has not arrived.
detail-class-ended = The class has ended.
detail-session-cancelled = The session was cancelled.
detail-is-seat = The booking is a seat in a session: it has the session's time, staff member and service.
detail-waitlist-state = The waitlist request is { $state }.
detail-dates-taken = Of the dates asked for, { $count } cannot be had.

# What is wrong with a field

violation-missing = is missing
violation-password-length = must have { $least } to { $most } characters
violation-totp-code = is no code of this authenticator, or none was begun
violation-right = is no right
violation-wrong-password = is not your password
violation-not-single = belongs to a role as a whole, and cannot be given or taken alone
violation-email-taken = is another user's address
violation-unknown-field = is not known here
violation-twice = stands there twice
violation-wrong-type = is of the wrong type ({ $what })
violation-form = does not have the right form ({ $what })
violation-empty = must not be empty
violation-too-long = { $max ->
    [one] must have at most one character
   *[other] must have at most { $max } characters
}
violation-too-many = { $max ->
    [one] takes at most one
   *[other] takes at most { $max }
}
violation-too-many-groups = would give more than { $max } parts; ask for weeks or months, or for fewer days
violation-control-characters = must not hold control characters
violation-color = must be a colour such as #3366cc
violation-origin = takes letters, digits, spaces and _ - .
violation-phone = is not a phone number; give it with its country, such as +48 600 100 200
violation-email = is not an e-mail address
violation-telegram = is not a Telegram name such as @ada_l
violation-fiscal-code = takes 4 to 32 letters and digits
violation-country = is not a two-letter country code
violation-language = is not a language tag such as pl or en-GB
violation-time-zone = is not a time zone such as Europe/Warsaw
violation-currency = is not a currency code such as EUR
violation-currency-in-use = cannot change once something has a price
violation-date = is not a date such as 2026-11-23
violation-not-money = is not an amount such as "120.00"
violation-too-precise = { $decimals ->
    [0] takes no decimals in { $currency }
    [one] takes at most one decimal in { $currency }
   *[other] takes at most { $decimals } decimals in { $currency }
}
violation-too-much = is too large
violation-negative = must not be negative
violation-not-positive = must be above zero
violation-out-of-range = must lie between { $least } and { $most }
violation-processing-outside = must begin after the start and end before the end of the service
violation-not-found = is not known in this business
violation-gone = no longer takes bookings
violation-end-not-after-start = must come after { $from }
violation-too-little = must be at least { $least }
violation-begins-at-the-end = 24:00 may end a day, not begin an interval
violation-cannot-begin = a booking cannot begin { $status }
violation-more-than-paid = only { $left } is left to give back
violation-other-currency = must be in { $currency }
violation-past = must lie in the future
violation-cursor = is not a cursor that an earlier answer to the same question gave
violation-header = cannot be read
violation-calendar = holds no event with a date that can be read
violation-which-business = must name one of your businesses: { $slugs }
violation-local-time = is not a local date-time such as 2026-11-23T09:00
violation-nobody-does-it = nobody does this service
violation-no-desk = no desk can be had for it
violation-outside-hours = lies outside of working hours
violation-too-soon = must not lie before { $earliest }
violation-past-hours = would end after working hours do, at { $until }
violation-house-closed = the house is closed until { $until }
violation-staff-away = the staff member is away until { $until }
violation-desk-closed = the desk is closed until { $until }
violation-off-grid = is not one of the starts, which are { $step } minutes apart
violation-not-bookable = cannot be booked
violation-does-not-do-it = does not do this service
violation-desk-does-not-serve-it = does not serve this service
violation-is-no-seat = only a seat in a session can go to another session
violation-rrule = is no recurrence rule (RFC 5545): { $what }
violation-no-date = names no date that lies ahead
violation-needs-start = goes with a start only
violation-start-or-period = give either a start or a period
violation-seats-taken = { $taken } seats are taken
violation-not-of-session = is not the session's; leave it out
violation-session-cancelled = was cancelled
violation-has-seat = has a seat in this session already
violation-endless = must end, by COUNT or UNTIL
violation-starts-or-rule = give either starts, or start and rrule
violation-one-of-two = give either client_id or client
violation-as-of = is neither a position nor an instant such as 2026-11-23T09:00:00Z
violation-one-for-each = give it once, or once for each service
violation-not-before = must not lie before { $from }
violation-nothing-offered = give a start: nothing is offered
violation-not-waited-for = is of another service than is waited for
violation-of-one-service = is taken of one service alone
violation-wish = is neither a date, nor a local date-time, nor an instant
violation-one-of-these = give one of these
violation-not-affected = does not lie in the time that is closed

# Letters

mail-invitation-subject = { $business } invites you
mail-invitation-body =
    { $business } has made you a place at its calendar. Choose a password within { $days } days:

    { $link }
mail-reset-subject = A new password
mail-reset-body =
    Somebody asked for a new password for { $businesses }. If it was you, choose one within an hour:

    { $link }
mail-reset-ignore = If it was not you, nothing needs to be done: without this letter nobody can change anything.
violation-confirmed-twice = can be asked only where bookings are confirmed at once (auto_confirm)

# What visitors of the public side are told

problem-link-superseded = This link is from before the last change
detail-link-superseded = Look at the booking again: the answer has its newest link.
problem-not-online = This cannot be booked online; please contact us
problem-challenge-failed = Show first that you are not a program
detail-too-late-to-change = It could be changed until { $until }. Please contact us.
violation-too-far = must not lie after { $last }
violation-service-or-services = give either service_id (and staff_id) or services
violation-phone-or-email = give a phone number or an e-mail address
violation-consent-version = has another wording by now: version { $version }
violation-consent-required = lacks one that is required
violation-code = is not the code of the last message
violation-code-spent = takes no more tries; ask for a new code
word-booked-as-name = Booked online as: { $name }
word-booked-with-phone = Booked online with the phone: { $phone }
word-booked-with-email = Booked online with the e-mail: { $email }
word-not-confirmed = Not confirmed in time
mail-confirm-subject = Please confirm your booking at { $business }
mail-confirm-body = You booked at { $business } for { $when }. The time is kept for you until you confirm it, but not for long.
mail-confirm-link = Confirm it here: { $link }
mail-confirm-code = Your code is { $code }.
mail-confirm-ignore = If it was not you, nothing needs to be done: it will be cancelled by itself.

# The booking page

page-book-at = Book at { $business }
page-no-house = There is no booking page at this address.
page-no-script = To book here, please switch on JavaScript, or contact us.
page-contact = Contact
page-loading = One moment …
page-trouble = Something went wrong. Please try again.
page-your-time = your time
page-no-times = There are no free times in these days.
page-next-free = Show the next free time
page-earlier = Earlier
page-later = Later
page-when = When
page-times-in = Times are by the clock in
page-back = Back
page-next = Continue
page-what = What
page-what-hint = Choose one service, or several in a row.
page-minutes = min
page-who = With whom
page-anyone = Anyone who is free
page-name = Your name
page-phone = Phone
page-phone-or-email = A phone number or an e-mail address is enough.
page-email = E-mail
page-email-hint = We write to it to have the booking confirmed.
page-comment = Anything we should know
page-required = required
page-book = Book
page-you = Your details
page-price = Price
page-held = We keep this time for you while you fill this in.
page-consent-missing = Please agree to what is required.
page-check-mail = Please confirm it: we have sent you an e-mail. Until then the time is kept for a short while.
page-requested = Requested; we will confirm it.
page-confirmed = Confirmed
page-completed = Done
page-no-show = Missed
page-cancelled = Cancelled
page-done = Thank you
page-reference = Reference
page-keep-link = Keep the link below: with it you can move or cancel your booking.
page-manage = See, move or cancel
page-your-booking = Your booking
page-no-booking = There is no booking behind this link.
page-superseded = The booking was changed since this link was made. This is how it stands now.
page-confirm = Confirm
page-code = The code from the e-mail
page-change-until = Can be changed until
page-move = Move
page-cancel = Cancel the booking
page-too-late = It can no longer be changed online. Please contact us.
page-cancel-sure = Cancel the booking?
page-reason = Why (if you like)
page-seats = Free seats
page-again = Try again
page-resend = Send the e-mail again
page-resent = If this is the address that was booked with, an e-mail is on its way.
page-review = How was it? 1 is bad, 5 is very good.
page-review-text = In your own words (if you like)
page-reviewed = Thank you for telling us.
page-send = Send

# Imports

detail-bad-form = The form cannot be read.
detail-import-state = The import is { $state }.
violation-destroyed-number = was turned into a rounded number by a spreadsheet: its digits are lost
violation-future = must not lie in the future
violation-duration = is not a length such as 45, 1:30 or 1h30
violation-range = is a range; one value is needed
violation-yes-or-no = is neither yes nor no
violation-formula = is a formula: it was not run, its last value was taken
violation-totals = is a row of totals
violation-header-again = repeats the header
violation-duplicate-in-file = is the same as in row { $row }
violation-already-known = is known here already
violation-person-erased = is of somebody whose data was erased
violation-does-not-fit = does not fit what is there
violation-column = is no column of the file
violation-encoding = is not an encoding such as utf-8 or windows-1250
violation-delimiter = is not a character that can stand between cells
violation-sheet = is no sheet of the workbook
violation-header-row = is no row of the file
violation-file-empty = has no rows
violation-file-kind = is neither CSV nor XLSX ({ $kind }); save it as one of these
violation-file-protected = is protected by a password; save it without one
violation-file-broken = is damaged and cannot be read
violation-file-inflates = is too large once unpacked
violation-file-rows = has more than { $max } rows; split it
violation-file-columns = has more than { $max } columns
violation-file-cell = has a cell of more than { $max } letters
violation-file-cells = has more than { $max } cells; split it
violation-file-header-only = has a header and no rows below it
violation-file-too-large = is larger than { $max } MiB

# Clients who turn out to be one person
problem-merged = The client was merged into another one
detail-client-erased = Nothing can be read of one of the two any more: the client was erased.
detail-client-has-taken-in = Others were merged into this client, and what is theirs must stay in sight.
detail-duplicate-merged = The client was merged into another one before.
violation-themselves = is the same client
# Webhooks
detail-webhooks-full = A business has at most { $max } webhooks.
violation-url = is no address such as https://hooks.example.org/daybook
violation-not-https = must begin with https://
violation-url-credentials = must hold no user and no password
violation-url-private = leads into a private network
violation-event-type = is no event such as daybook.booking.placed or daybook.booking.*

mail-webhook-subject = { $business }: a webhook was switched off
mail-webhook-failing = For three days nothing could be delivered to the webhook “{ $webhook }” of { $business }. It is switched off.
mail-webhook-gone = The webhook “{ $webhook }” of { $business } answered that it is gone for good. It is switched off.
mail-webhook-again = Nothing is lost: once it is mended, switch it on again, and it will be told everything from where it was left.
page-password-choose = Choose a password
page-password-new = New password
page-password-hint = At least { $least } characters.
page-password-save = Set the password
page-password-set = Your password is set. You can sign in with it now.
page-password-spent = This link is no longer good. Ask for a new one.
# Segments

violation-not-among = is not known here; there is: { $known }
violation-exactly-one = takes exactly one of: { $of }
violation-too-deep = { $max ->
    [one] must not lie deeper than one level
   *[other] must not lie deeper than { $max } levels
}
word-segment-loyal = Loyal
word-segment-loyal-told = Came five times or more in the last 180 days.
word-segment-sleeping = Sleeping
word-segment-sleeping-told = Have not come for 90 days, and have nothing booked.
word-segment-new = New
word-segment-new-told = Came for the first time in the last 30 days.
word-segment-at-risk = At risk
word-segment-at-risk-told = By their own habit they should have been back a week ago, came within a year, and have nothing booked.
word-segment-birthdays = Birthdays this month
word-segment-birthdays-told = Have their birthday this month.
word-segment-big-spenders = Big spenders
word-segment-big-spenders-told = The tenth of all paying clients who paid most in the last 365 days.
