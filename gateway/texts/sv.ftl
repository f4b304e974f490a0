# Problemens rubriker

problem-malformed = Begäran går inte att läsa
problem-unauthenticated = Logga in eller ange en giltig API-nyckel
problem-bad-credentials = E-postadressen eller lösenordet är fel
problem-code-required = En kod från din autentiseringsapp behövs
problem-forbidden = Du får inte göra detta
problem-module-off = Den här delen av Daybook är avstängd
problem-cross-site = Begäran kom från en annan webbplats
problem-not-found = Det finns inte här
problem-method-not-allowed = Det går inte att göra på den här adressen
problem-slot-taken = Tiden är upptagen
problem-conflict = Något står i vägen
problem-wrong-state = Det passar inte med läget just nu
problem-bookings-affected = Det finns bokningar på den tiden
problem-cannot-revert = Ändringen kan inte återställas
problem-stale = Det har ändrats sedan du läste det
problem-too-large = Begäran är för stor
problem-unsupported-media-type = Den här sortens innehåll tas inte emot här
problem-invalid = Några fält behöver ses över
problem-idempotency-key-reused = Denna Idempotency-Key har använts för en annan begäran
problem-too-many-requests = För många försök; vänta en stund
problem-internal = Något gick fel hos oss
problem-unavailable = Tjänsten kan inte göra detta just nu
problem-not-yet = Det som efterfrågas är inte klart än

# Närmare om ett fall

detail-bad-json = Innehållet är inte giltig JSON: { $what }
detail-not-utf8 = Innehållet är inte giltig UTF-8.
detail-body-lost = Innehållet kom inte fram helt.
detail-being-built = Det sammanställs för första gången och visas när det är komplett.
detail-too-large = Högst { $max } byte tas emot.
detail-wants-type = Skicka det som { $wanted }.
detail-no-token = Begäran har varken API-nyckel eller session.
detail-unknown-token = API-nyckeln eller sessionen är okänd, har gått ut eller är återkallad.
detail-no-route = Det finns inget på den här adressen.
detail-module-off = Verksamheten har stängt av modulen { $module }.
detail-needs-right = Det kräver rättigheten { $right }.
detail-wrong-code = Den koden gäller inte, eller är redan använd.
detail-link-used = Länken gäller inte längre: den är använd eller för gammal.
detail-above-you = Ingen ger mer än den själv har, eller bestämmer över någon som står lika högt.
detail-last-owner = Det är den sista ägaren som kan logga in; gör först någon annan till ägare.
detail-keys-in-a-row = En nyckel kan ge ut nycklar, och dessa i sin tur andra, men högst { $max } i rad.
detail-yourself = Ingen stänger ute sig själv.
detail-not-invited = Det finns ingen inbjudan att förnya: personen har anslutit eller är avstängd.
detail-owners-have-all = En ägare har alla rättigheter.
detail-no-user = En API-nyckel har varken profil, sessioner eller lösenord: logga in.
detail-moved-on = Det ändrades i samma ögonblick. Läs igen och försök på nytt.
detail-stale = Nuvarande version är { $version }.
detail-revert-beginning = Saken kom till genom den här ändringen.
detail-revert-lasting = Ingenting återställer den här ändringen.
detail-revert-changed-since = { $field } har ändrats igen sedan dess.
detail-revert-as-before = Allt står som före ändringen.
detail-revert-erased = Det som var före har raderats.
detail-revert-gone = { $field }: tar inga fler bokningar.
detail-name-taken = Namnet är upptaget ({ $kind }).
detail-bookings-affected = { $count ->
    [one] En bokning ligger på den tiden. Skicka keep_bookings: true för att låta den ligga kvar.
   *[other] { $count } bokningar ligger på den tiden. Skicka keep_bookings: true för att låta dem ligga kvar.
}
detail-erased = Personens uppgifter är raderade; inget mer kan skrivas om dem.
detail-crowded = För många ändringar väntar för den här verksamheten.
detail-exports-busy = Så många exporter som får göras samtidigt pågår redan. Försök igen om en stund.
detail-too-costly = Det tar databasen för lång tid. Begränsa frågan: en kortare period, färre villkor.
detail-outcome-unknown = Databasen försvann innan den svarade: ändringen kan ha gjorts. Skicka den igen med samma Idempotency-Key.
detail-withdrawn = Tjänsten är borttagen.
detail-left = Medarbetaren har slutat.
detail-retired = Platsen är borttagen.
detail-wrong-state = Bokningens status: { $status }.
detail-deleted = Bokningen är borttagen; återställ den först.
detail-not-arrived = Kunden har inte kommit.
detail-class-ended = Kursen är avslutad.
detail-session-cancelled = Tillfället har ställts in.
detail-is-seat = Bokningen är en plats vid ett kurstillfälle: den har tillfällets tid, medarbetare och tjänst.
detail-waitlist-state = Önskemålet på väntelistan har status: { $state }.
detail-dates-taken = Alla önskade datum är inte lediga (upptagna: { $count }).

# Vad som är fel med ett fält

violation-missing = saknas
violation-password-length = måste ha { $least } till { $most } tecken
violation-totp-code = är ingen kod från den här appen, eller ingen har påbörjats
violation-right = är ingen rättighet
violation-wrong-password = är inte ditt lösenord
violation-not-single = hör till en hel roll och kan inte ges eller tas för sig
violation-email-taken = är en annan användares adress
violation-unknown-field = är okänt här
violation-twice = finns där två gånger
violation-wrong-type = är av fel typ ({ $what })
violation-form = har fel form ({ $what })
violation-empty = får inte vara tomt
violation-too-long = { $max ->
    [one] får ha högst ett tecken
   *[other] får ha högst { $max } tecken
}
violation-too-many = { $max ->
    [one] tar högst en
   *[other] tar högst { $max }
}
violation-too-many-groups = skulle ge fler än { $max } delar; fråga efter veckor eller månader, eller om färre dagar
violation-control-characters = får inte innehålla styrtecken
violation-color = måste vara en färg som #3366cc
violation-origin = tar bokstäver, siffror, mellanslag och _ - .
violation-phone = är inget telefonnummer; ange det med land, till exempel +46 70 123 45 67
violation-email = är ingen e-postadress
violation-telegram = är inget Telegramnamn som @ada_l
violation-fiscal-code = tar 4 till 32 bokstäver och siffror
violation-country = är ingen landskod med två bokstäver
violation-language = är ingen språktagg som sv eller en-GB
violation-time-zone = är ingen tidszon som Europe/Stockholm
violation-currency = är ingen valutakod som EUR
violation-currency-in-use = kan inte ändras när något har ett pris
violation-date = är inget datum som 2026-11-23
violation-not-money = är inget belopp som "120.00"
violation-too-precise = { $decimals ->
    [0] tar inga decimaler i { $currency }
    [one] tar högst en decimal i { $currency }
   *[other] tar högst { $decimals } decimaler i { $currency }
}
violation-too-much = är för stort
violation-negative = får inte vara negativt
violation-not-positive = måste vara större än noll
violation-out-of-range = måste ligga mellan { $least } och { $most }
violation-processing-outside = måste börja efter tjänstens början och sluta före dess slut
violation-not-found = är okänt i den här verksamheten
violation-gone = tar inte längre emot bokningar
violation-end-not-after-start = måste komma efter { $from }
violation-too-little = måste vara minst { $least }
violation-begins-at-the-end = 24:00 kan avsluta en dag, inte inleda ett intervall
violation-cannot-begin = en bokning kan inte börja som { $status }
violation-more-than-paid = bara { $left } finns kvar att betala tillbaka
violation-other-currency = måste vara i { $currency }
violation-past = måste ligga i framtiden
violation-cursor = är ingen markör som ett tidigare svar på samma fråga gav
violation-header = går inte att läsa
violation-calendar = innehåller ingen händelse med läsbart datum
violation-which-business = måste ange en av dina verksamheter: { $slugs }
violation-local-time = är ingen lokal tid som 2026-11-23T09:00
violation-nobody-does-it = ingen utför tjänsten
violation-no-desk = ingen plats finns för den
violation-outside-hours = ligger utanför arbetstiden
violation-too-soon = får inte ligga före { $earliest }
violation-past-hours = skulle sluta efter arbetstidens slut, { $until }
violation-house-closed = det är stängt till { $until }
violation-staff-away = medarbetaren är borta till { $until }
violation-desk-closed = platsen är stängd till { $until }
violation-off-grid = är ingen av starttiderna, som ligger { $step } minuter isär
violation-not-bookable = kan inte bokas
violation-does-not-do-it = utför inte tjänsten
violation-desk-does-not-serve-it = används inte för tjänsten
violation-is-no-seat = bara en plats vid ett kurstillfälle kan flyttas till ett annat
violation-rrule = är ingen upprepningsregel (RFC 5545): { $what }
violation-no-date = anger inget kommande datum
violation-needs-start = kan bara anges tillsammans med en start
violation-start-or-period = ange antingen en start eller en period
violation-seats-taken = upptagna platser: { $taken }
violation-not-of-session = är inte tillfällets; utelämna det
violation-session-cancelled = har ställts in
violation-has-seat = har redan en plats vid det här tillfället
violation-endless = måste ha ett slut, med COUNT eller UNTIL
violation-starts-or-rule = ange antingen starts, eller start och rrule
violation-one-of-two = ange antingen client_id eller client
violation-as-of = är varken en position eller en tidpunkt som 2026-11-23T09:00:00Z
violation-one-for-each = ange det en gång, eller en gång per tjänst
violation-not-before = får inte ligga före { $from }
violation-nothing-offered = ange en start: inget är erbjudet
violation-not-waited-for = gäller en annan tjänst än den som väntas på
violation-of-one-service = tas bara för en enda tjänst
violation-wish = är varken ett datum, en lokal tid eller en tidpunkt
violation-one-of-these = ange en av dessa
violation-not-affected = ligger inte i den stängda tiden

# Brev

mail-invitation-subject = { $business } bjuder in dig
mail-invitation-body =
    { $business } har gjort plats för dig i sin kalender. Välj ett lösenord inom { $days } dagar:

    { $link }
mail-reset-subject = Ett nytt lösenord
mail-reset-body =
    Någon bad om ett nytt lösenord för { $businesses }. Om det var du, välj ett inom en timme:

    { $link }
mail-reset-ignore = Om det inte var du behöver inget göras: utan det här brevet kan ingen ändra något.
violation-confirmed-twice = kan bara krävas där bokningar bekräftas direkt (auto_confirm)

# What visitors of the public side are told

problem-link-superseded = Den här länken är från före den senaste ändringen
detail-link-superseded = Titta på bokningen igen: svaret innehåller dess nyaste länk.
problem-not-online = Det här går inte att boka på nätet; kontakta oss
problem-challenge-failed = Visa först att du inte är ett program
detail-too-late-to-change = Det gick att ändra till { $until }. Kontakta oss.
violation-too-far = får inte ligga efter { $last }
violation-service-or-services = ange antingen service_id (och staff_id) eller services
violation-phone-or-email = ange ett telefonnummer eller en e-postadress
violation-consent-version = har en annan lydelse nu: version { $version }
violation-consent-required = saknar ett samtycke som krävs
violation-code = är inte koden i det senaste meddelandet
violation-code-spent = tar inga fler försök; be om en ny kod
word-booked-as-name = Bokat på nätet som: { $name }
word-booked-with-phone = Bokat på nätet med telefon: { $phone }
word-booked-with-email = Bokat på nätet med e-post: { $email }
word-not-confirmed = Inte bekräftat i tid
mail-confirm-subject = Bekräfta din bokning hos { $business }
mail-confirm-body = Du har bokat hos { $business } till { $when }. Tiden hålls tills du bekräftar, men inte länge.
mail-confirm-link = Bekräfta här: { $link }
mail-confirm-code = Din kod är { $code }.
mail-confirm-ignore = Om det inte var du behöver du inte göra något: bokningen avbokas av sig själv.

# The booking page

page-book-at = Boka hos { $business }
page-no-house = Det finns ingen bokningssida på den här adressen.
page-no-script = Slå på JavaScript för att boka här, eller kontakta oss.
page-contact = Kontakt
page-loading = Ett ögonblick …
page-trouble = Något gick fel. Försök igen.
page-your-time = din tid
page-no-times = Det finns inga lediga tider de här dagarna.
page-next-free = Visa nästa lediga tid
page-earlier = Tidigare
page-later = Senare
page-when = När
page-times-in = Tider enligt zonen
page-back = Tillbaka
page-next = Fortsätt
page-what = Vad
page-what-hint = Välj en tjänst, eller flera i rad.
page-minutes = min
page-who = Hos vem
page-anyone = Vem som helst som är ledig
page-name = Ditt namn
page-phone = Telefon
page-phone-or-email = Det räcker med telefonnummer eller e-postadress.
page-email = E-post
page-email-hint = Vi skriver dit för att få bokningen bekräftad.
page-comment = Något vi bör veta
page-required = krävs
page-book = Boka
page-you = Dina uppgifter
page-price = Pris
page-held = Vi håller tiden åt dig medan du fyller i.
page-consent-missing = Godkänn det som krävs.
page-check-mail = Bekräfta den: vi har skickat e-post. Till dess hålls tiden en kort stund.
page-requested = Förfrågad; vi bekräftar.
page-confirmed = Bekräftad
page-completed = Genomförd
page-no-show = Utebliven
page-cancelled = Avbokad
page-done = Tack
page-reference = Referens
page-keep-link = Spara länken nedan: med den kan du flytta eller avboka.
page-manage = Se, flytta eller avboka
page-your-booking = Din bokning
page-no-booking = Det finns ingen bokning bakom den här länken.
page-superseded = Bokningen har ändrats sedan länken skapades. Så här ser den ut nu.
page-confirm = Bekräfta
page-code = Koden i e-posten
page-change-until = Kan ändras till
page-move = Flytta
page-cancel = Avboka
page-too-late = Den kan inte längre ändras på nätet. Kontakta oss.
page-cancel-sure = Avboka?
page-reason = Varför (om du vill)
page-seats = Lediga platser
page-again = Försök igen
page-resend = Skicka mejlet igen
page-resent = Om det är adressen som bokningen gjordes med är ett mejl på väg.
page-review = Hur var det? 1 är dåligt, 5 är mycket bra.
page-review-text = Med egna ord (om du vill)
page-reviewed = Tack för att du berättade.
page-send = Skicka

# Imports

detail-bad-form = Formuläret kan inte läsas.
detail-import-state = Importen är i läget: { $state }.
violation-destroyed-number = har avrundats av ett kalkylprogram: siffrorna är borta
violation-future = får inte ligga i framtiden
violation-duration = är ingen längd såsom 45, 1:30 eller 1h30
violation-range = är ett intervall; ett enda värde behövs
violation-yes-or-no = är varken ja eller nej
violation-formula = är en formel: den kördes inte, dess senaste värde togs
violation-totals = är en summarad
violation-header-again = upprepar rubrikraden
violation-duplicate-in-file = är samma som på rad { $row }
violation-already-known = är redan känt här
violation-person-erased = tillhör någon vars uppgifter har raderats
violation-does-not-fit = passar inte det som finns
violation-column = är ingen kolumn i filen
violation-encoding = är ingen teckenkodning såsom utf-8 eller windows-1252
violation-delimiter = är inget tecken som kan skilja celler åt
violation-sheet = är inget blad i arbetsboken
violation-header-row = är ingen rad i filen
violation-file-empty = har inga rader
violation-file-kind = är varken CSV eller XLSX ({ $kind }); spara den som något av dessa
violation-file-protected = är skyddad med lösenord; spara den utan
violation-file-broken = är skadad och kan inte läsas
violation-file-inflates = är för stor när den packats upp
violation-file-rows = har fler än { $max } rader; dela upp den
violation-file-columns = har fler än { $max } kolumner
violation-file-cell = har en cell med fler än { $max } tecken
violation-file-cells = har fler än { $max } celler; dela upp den
violation-file-header-only = har en rubrikrad och inga rader under
violation-file-too-large = är större än { $max } MiB

# Clients who turn out to be one person
problem-merged = Kunden har slagits ihop med en annan
detail-client-erased = Om en av de två går inget längre att läsa: kundens uppgifter har raderats.
detail-client-has-taken-in = Andra har slagits ihop med den här kunden, och det som är deras måste förbli synligt.
detail-duplicate-merged = Kunden slogs ihop med en annan tidigare.
violation-themselves = är samma kund
# Webhooks
detail-webhooks-full = Ett företag har högst { $max } webhookar.
violation-url = är ingen adress som https://hooks.example.org/daybook
violation-not-https = måste börja med https://
violation-url-credentials = får varken innehålla användare eller lösenord
violation-url-private = leder in i ett privat nät
violation-event-type = är ingen händelse som daybook.booking.placed eller daybook.booking.*

mail-webhook-subject = { $business }: en webhook har stängts av
mail-webhook-failing = På tre dagar har inget kunnat levereras till webhooken ”{ $webhook }” hos { $business }. Den är avstängd.
mail-webhook-gone = Webhooken ”{ $webhook }” hos { $business } svarade att den är borta för gott. Den är avstängd.
mail-webhook-again = Inget är förlorat: slå på den igen när den är lagad, så får den allt från där den slutade.
page-password-choose = Välj ett lösenord
page-password-new = Nytt lösenord
page-password-hint = Minst { $least } tecken.
page-password-save = Spara lösenordet
page-password-set = Ditt lösenord är sparat. Du kan logga in med det nu.
page-password-spent = Länken gäller inte längre. Be om en ny.
# Segments

violation-not-among = är inte känt här; det finns: { $known }
violation-exactly-one = tar exakt en av: { $of }
violation-too-deep = { $max ->
    [one] får inte ligga djupare än en nivå
   *[other] får inte ligga djupare än { $max } nivåer
}
word-segment-loyal = Trogna
word-segment-loyal-told = Har kommit minst fem gånger de senaste 180 dagarna.
word-segment-sleeping = Sovande
word-segment-sleeping-told = Har inte kommit på 90 dagar och har inget bokat.
word-segment-new = Nya
word-segment-new-told = Kom för första gången de senaste 30 dagarna.
word-segment-at-risk = I riskzonen
word-segment-at-risk-told = Borde enligt sin egen vana ha varit tillbaka för en vecka sedan, kom inom ett år och har inget bokat.
word-segment-birthdays = Födelsedagar denna månad
word-segment-birthdays-told = Fyller år denna månad.
word-segment-big-spenders = Storkunder
word-segment-big-spenders-told = Den tiondel av alla betalande kunder som betalat mest de senaste 365 dagarna.
