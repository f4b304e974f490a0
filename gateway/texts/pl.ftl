# Tytuły problemów

problem-malformed = Nie można odczytać żądania
problem-unauthenticated = Zaloguj się albo podaj ważny klucz API
problem-bad-credentials = Adres e-mail lub hasło są nieprawidłowe
problem-code-required = Potrzebny jest kod z aplikacji uwierzytelniającej
problem-forbidden = Nie masz do tego prawa
problem-module-off = Ta część Daybooka jest wyłączona
problem-cross-site = Żądanie przyszło z innej strony
problem-not-found = Nie ma tu takiej rzeczy
problem-method-not-allowed = Pod tym adresem nie można tego zrobić
problem-slot-taken = Ten termin jest zajęty
problem-conflict = Coś stoi na przeszkodzie
problem-wrong-state = To nie pasuje do obecnego stanu
problem-bookings-affected = W tym czasie są rezerwacje
problem-cannot-revert = Tej zmiany nie można cofnąć
problem-stale = Od czasu odczytu coś się zmieniło
problem-too-large = Żądanie jest za duże
problem-unsupported-media-type = Ten rodzaj treści nie jest tu przyjmowany
problem-invalid = Niektóre pola wymagają poprawy
problem-idempotency-key-reused = Ten Idempotency-Key został użyty dla innego żądania
problem-too-many-requests = Zbyt wiele prób; odczekaj chwilę
problem-internal = Coś poszło nie tak po naszej stronie
problem-unavailable = Usługa nie może teraz tego zrobić
problem-not-yet = To, o co chodzi w zapytaniu, nie jest jeszcze gotowe

# Szczegóły jednego przypadku

detail-bad-json = Treść nie jest poprawnym JSON-em: { $what }
detail-not-utf8 = Treść nie jest poprawnym UTF-8.
detail-body-lost = Treść nie dotarła w całości.
detail-being-built = Jest zestawiane po raz pierwszy; zostanie pokazane, gdy będzie kompletne.
detail-too-large = Przyjmowanych jest najwyżej { $max } bajtów.
detail-wants-type = Wyślij jako { $wanted }.
detail-no-token = Żądanie nie ma ani klucza API, ani sesji.
detail-unknown-token = Klucz API lub sesja są nieznane, wygasły albo zostały unieważnione.
detail-no-route = Pod tym adresem nic nie ma.
detail-module-off = Firma ma wyłączony moduł { $module }.
detail-needs-right = Potrzebne jest do tego prawo { $right }.
detail-wrong-code = Ten kod jest nieprawidłowy albo został już użyty.
detail-link-used = Ten link już nie działa: został użyty albo jest za stary.
detail-above-you = Nikt nie nadaje więcej, niż sam ma, ani nie decyduje o kimś stojącym tak samo wysoko.
detail-last-owner = To ostatni właściciel, który może się zalogować; najpierw uczyń kogoś innego właścicielem.
detail-keys-in-a-row = Klucz może wydawać klucze, a te kolejne, ale najwyżej { $max } z rzędu.
detail-yourself = Nikt nie odbiera dostępu sam sobie.
detail-not-invited = Nie ma zaproszenia do odnowienia: osoba dołączyła albo ma wyłączony dostęp.
detail-owners-have-all = Właściciel ma wszystkie prawa.
detail-no-user = Klucz API nie ma profilu, sesji ani hasła: zaloguj się.
detail-moved-on = Zmieniono to w tej samej chwili. Odczytaj ponownie i spróbuj jeszcze raz.
detail-stale = Obecna wersja to { $version }.
detail-revert-beginning = Tą zmianą rzecz powstała.
detail-revert-lasting = Tej zmiany nic nie cofnie.
detail-revert-changed-since = { $field } zmieniono od tego czasu ponownie.
detail-revert-as-before = Wszystko jest tak, jak przed tą zmianą.
detail-revert-erased = To, co było wcześniej, zostało usunięte.
detail-revert-gone = { $field }: nie przyjmuje już rezerwacji.
detail-name-taken = Ta nazwa jest zajęta ({ $kind }).
detail-bookings-affected = { $count ->
    [one] W tym czasie jest jedna rezerwacja. Wyślij keep_bookings: true, aby ją zostawić.
    [few] W tym czasie są { $count } rezerwacje. Wyślij keep_bookings: true, aby je zostawić.
   *[other] W tym czasie jest { $count } rezerwacji. Wyślij keep_bookings: true, aby je zostawić.
}
detail-erased = Dane tej osoby usunięto; nic więcej nie można o niej zapisać.
detail-crowded = Zbyt wiele zmian tej firmy czeka w kolejce.
detail-exports-busy = Trwa już tyle eksportów, ile może naraz. Spróbuj ponownie za chwilę.
detail-too-costly = To zajmuje bazie danych zbyt dużo czasu. Zawęź zapytanie: krótszy okres, mniej warunków.
detail-outcome-unknown = Połączenie z bazą przerwano przed odpowiedzią: zmiana mogła zostać zapisana. Wyślij ponownie z tym samym Idempotency-Key.
detail-withdrawn = Usługę wycofano.
detail-left = Ten pracownik odszedł.
detail-retired = Stanowisko zlikwidowano.
detail-wrong-state = Stan rezerwacji: { $status }.
detail-deleted = Rezerwacja jest usunięta; najpierw ją przywróć.
detail-not-arrived = Klient nie przyszedł.
detail-class-ended = Zajęcia zostały zakończone.
detail-session-cancelled = Termin zajęć został odwołany.
detail-is-seat = Rezerwacja jest miejscem na zajęciach: ma ich termin, prowadzącego i usługę.
detail-waitlist-state = Zgłoszenie na listę oczekujących ma stan { $state }.
detail-dates-taken = Nie wszystkie wskazane terminy są wolne (zajętych: { $count }).

# Co jest nie tak z polem

violation-missing = brakuje
violation-password-length = musi mieć od { $least } do { $most } znaków
violation-totp-code = nie jest kodem tej aplikacji albo nic nie rozpoczęto
violation-right = nie jest prawem
violation-wrong-password = nie jest Twoim hasłem
violation-not-single = należy do całej roli i nie można go nadać ani odebrać osobno
violation-email-taken = jest adresem innego użytkownika
violation-unknown-field = nie jest tu znane
violation-twice = występuje dwa razy
violation-wrong-type = jest złego typu ({ $what })
violation-form = ma złą postać ({ $what })
violation-empty = nie może być puste
violation-too-long = { $max ->
    [one] może mieć najwyżej jeden znak
    [few] może mieć najwyżej { $max } znaki
   *[other] może mieć najwyżej { $max } znaków
}
violation-too-many = { $max ->
    [one] przyjmuje najwyżej jeden element
    [few] przyjmuje najwyżej { $max } elementy
   *[other] przyjmuje najwyżej { $max } elementów
}
violation-too-many-groups = dałoby więcej niż { $max } części; zapytaj o tygodnie lub miesiące albo o mniej dni
violation-control-characters = nie może zawierać znaków sterujących
violation-color = musi być kolorem, np. #3366cc
violation-origin = przyjmuje litery, cyfry, spacje oraz _ - .
violation-phone = nie jest numerem telefonu; podaj go z kierunkowym kraju, np. +48 600 100 200
violation-email = nie jest adresem e-mail
violation-telegram = nie jest nazwą w Telegramie, np. @ada_l
violation-fiscal-code = przyjmuje od 4 do 32 liter i cyfr
violation-country = nie jest dwuliterowym kodem kraju
violation-language = nie jest znacznikiem języka, np. pl lub en-GB
violation-time-zone = nie jest strefą czasową, np. Europe/Warsaw
violation-currency = nie jest kodem waluty, np. EUR
violation-currency-in-use = nie można zmienić, gdy coś ma już cenę
violation-date = nie jest datą, np. 2026-11-23
violation-not-money = nie jest kwotą, np. "120.00"
violation-too-precise = { $decimals ->
    [0] w { $currency } nie ma miejsc po przecinku
    [one] w { $currency } jest najwyżej jedno miejsce po przecinku
    [few] w { $currency } są najwyżej { $decimals } miejsca po przecinku
   *[other] w { $currency } jest najwyżej { $decimals } miejsc po przecinku
}
violation-too-much = to zbyt duża kwota
violation-negative = nie może być ujemne
violation-not-positive = musi być większe od zera
violation-out-of-range = musi leżeć między { $least } a { $most }
violation-processing-outside = musi zacząć się po początku i skończyć przed końcem usługi
violation-not-found = nie jest znane w tej firmie
violation-gone = nie przyjmuje już rezerwacji
violation-end-not-after-start = musi być po { $from }
violation-too-little = musi wynosić co najmniej { $least }
violation-begins-at-the-end = 24:00 może kończyć dzień, nie zaczynać przedziału
violation-cannot-begin = rezerwacja nie może zaczynać się jako { $status }
violation-more-than-paid = do zwrotu pozostało tylko { $left }
violation-other-currency = musi być w { $currency }
violation-past = musi leżeć w przyszłości
violation-cursor = nie jest kursorem z wcześniejszej odpowiedzi na to samo pytanie
violation-header = nie można odczytać
violation-calendar = nie zawiera wydarzenia z czytelną datą
violation-which-business = musi wskazać jedną z twoich firm: { $slugs }
violation-local-time = nie jest lokalną datą z godziną, np. 2026-11-23T09:00
violation-nobody-does-it = nikt nie wykonuje tej usługi
violation-no-desk = nie ma do tego stanowiska
violation-outside-hours = wypada poza godzinami pracy
violation-too-soon = nie może być przed { $earliest }
violation-past-hours = skończyłoby się po godzinach pracy, które trwają do { $until }
violation-house-closed = firma jest zamknięta do { $until }
violation-staff-away = pracownik jest nieobecny do { $until }
violation-desk-closed = stanowisko jest zamknięte do { $until }
violation-off-grid = nie jest jednym z początków, co { $step } min
violation-not-bookable = nie można zarezerwować
violation-does-not-do-it = nie wykonuje tej usługi
violation-desk-does-not-serve-it = nie obsługuje tej usługi
violation-is-no-seat = tylko miejsce na zajęciach można przenieść na inny termin zajęć
violation-rrule = nie jest regułą powtarzania (RFC 5545): { $what }
violation-no-date = nie wskazuje żadnej przyszłej daty
violation-needs-start = można podać tylko razem z początkiem
violation-start-or-period = podaj albo początek, albo okres
violation-seats-taken = zajęte miejsca: { $taken }
violation-not-of-session = różni się od terminu zajęć; pomiń to pole
violation-session-cancelled = termin został odwołany
violation-has-seat = ma już miejsce na tych zajęciach
violation-endless = musi mieć koniec: COUNT albo UNTIL
violation-starts-or-rule = podaj albo starts, albo start i rrule
violation-one-of-two = podaj client_id albo client
violation-as-of = nie jest pozycją ani chwilą taką jak 2026-11-23T09:00:00Z
violation-one-for-each = podaj raz albo raz dla każdej usługi
violation-not-before = nie może przypadać przed { $from }
violation-nothing-offered = podaj początek: niczego nie zaproponowano
violation-not-waited-for = dotyczy innej usługi niż ta, na którą się czeka
violation-of-one-service = przyjmuje się tylko dla jednej usługi
violation-wish = nie jest datą, lokalną datą z godziną ani chwilą
violation-one-of-these = podaj jedno z tych
violation-not-affected = nie leży w zamkniętym czasie

# Listy

mail-invitation-subject = Zaproszenie od { $business }
mail-invitation-body =
    { $business } zaprasza Cię do swojego kalendarza. Ustaw hasło w ciągu { $days } dni:

    { $link }
mail-reset-subject = Nowe hasło
mail-reset-body =
    Ktoś poprosił o nowe hasło do: { $businesses }. Jeśli to Ty, ustaw je w ciągu godziny:

    { $link }
mail-reset-ignore = Jeśli to nie Ty, nic nie trzeba robić: bez tego listu nikt niczego nie zmieni.
violation-confirmed-twice = można wymagać tylko tam, gdzie rezerwacje są potwierdzane od razu (auto_confirm)

# What visitors of the public side are told

problem-link-superseded = Ten link pochodzi sprzed ostatniej zmiany
detail-link-superseded = Otwórz rezerwację ponownie: odpowiedź zawiera jej najnowszy link.
problem-not-online = Tego nie da się zarezerwować online; prosimy o kontakt
problem-challenge-failed = Najpierw pokaż, że nie jesteś programem
detail-too-late-to-change = Zmiana była możliwa do { $until }. Prosimy o kontakt.
violation-too-far = nie może być później niż { $last }
violation-service-or-services = podaj albo service_id (i staff_id), albo services
violation-phone-or-email = podaj numer telefonu lub adres e-mail
violation-consent-version = ma już inne brzmienie: wersja { $version }
violation-consent-required = nie zawiera wymaganej zgody
violation-code = nie jest kodem z ostatniej wiadomości
violation-code-spent = nie przyjmuje więcej prób; poproś o nowy kod
word-booked-as-name = Zarezerwowano online jako: { $name }
word-booked-with-phone = Zarezerwowano online z telefonem: { $phone }
word-booked-with-email = Zarezerwowano online z e-mailem: { $email }
word-not-confirmed = Nie potwierdzono na czas
mail-confirm-subject = Potwierdź rezerwację w { $business }
mail-confirm-body = Zarezerwowano termin w { $business } na { $when }. Termin czeka na potwierdzenie, ale niedługo.
mail-confirm-link = Potwierdź tutaj: { $link }
mail-confirm-code = Twój kod to { $code }.
mail-confirm-ignore = Jeśli to nie Ty, nic nie trzeba robić: rezerwacja zostanie anulowana sama.

# The booking page

page-book-at = Rezerwacja w { $business }
page-no-house = Pod tym adresem nie ma strony rezerwacji.
page-no-script = Aby zarezerwować tutaj, włącz JavaScript albo skontaktuj się z nami.
page-contact = Kontakt
page-loading = Chwileczkę …
page-trouble = Coś poszło nie tak. Spróbuj ponownie.
page-your-time = Twój czas
page-no-times = W tych dniach nie ma wolnych terminów.
page-next-free = Pokaż najbliższy wolny termin
page-earlier = Wcześniej
page-later = Później
page-when = Kiedy
page-times-in = Godziny według strefy
page-back = Wstecz
page-next = Dalej
page-what = Co
page-what-hint = Wybierz jedną usługę lub kilka po kolei.
page-minutes = min
page-who = U kogo
page-anyone = Ktokolwiek wolny
page-name = Imię i nazwisko
page-phone = Telefon
page-phone-or-email = Wystarczy numer telefonu lub adres e-mail.
page-email = E-mail
page-email-hint = Napiszemy na niego z prośbą o potwierdzenie.
page-comment = Coś, o czym powinniśmy wiedzieć
page-required = wymagane
page-book = Zarezerwuj
page-you = Twoje dane
page-price = Cena
page-held = Trzymamy dla Ciebie ten termin, gdy to wypełniasz.
page-consent-missing = Zaznacz wymagane zgody.
page-check-mail = Potwierdź rezerwację: wysłaliśmy e-mail. Do tego czasu termin czeka przez chwilę.
page-requested = Wysłano prośbę; potwierdzimy ją.
page-confirmed = Potwierdzona
page-completed = Zrealizowana
page-no-show = Niestawiennictwo
page-cancelled = Anulowana
page-done = Dziękujemy
page-reference = Numer
page-keep-link = Zachowaj poniższy link: możesz nim przenieść lub anulować rezerwację.
page-manage = Zobacz, przenieś lub anuluj
page-your-booking = Twoja rezerwacja
page-no-booking = Za tym linkiem nie ma rezerwacji.
page-superseded = Rezerwacja zmieniła się od utworzenia tego linku. Tak wygląda teraz.
page-confirm = Potwierdź
page-code = Kod z e-maila
page-change-until = Można zmienić do
page-move = Przenieś
page-cancel = Anuluj rezerwację
page-too-late = Nie można już jej zmienić online. Skontaktuj się z nami.
page-cancel-sure = Anulować rezerwację?
page-reason = Dlaczego (jeśli chcesz)
page-seats = Wolne miejsca
page-again = Spróbuj ponownie
page-resend = Wyślij e-mail jeszcze raz
page-resent = Jeśli to adres podany przy rezerwacji, e-mail jest już w drodze.
page-review = Jak było? 1 to źle, 5 to bardzo dobrze.
page-review-text = Własnymi słowami (jeśli chcesz)
page-reviewed = Dziękujemy za opinię.
page-send = Wyślij

# Imports

detail-bad-form = Nie można odczytać formularza.
detail-import-state = Import jest w stanie: { $state }.
violation-destroyed-number = arkusz kalkulacyjny zaokrąglił tę liczbę: jej cyfry przepadły
violation-future = nie może leżeć w przyszłości
violation-duration = nie jest długością, np. 45, 1:30 lub 1h30
violation-range = jest zakresem; potrzebna jest jedna wartość
violation-yes-or-no = to ani tak, ani nie
violation-formula = jest formułą: nie została wykonana, przyjęto jej ostatnią wartość
violation-totals = jest wierszem podsumowania
violation-header-again = powtarza nagłówek
violation-duplicate-in-file = jest takie samo jak w wierszu { $row }
violation-already-known = jest tu już znane
violation-person-erased = należy do osoby, której dane usunięto
violation-does-not-fit = nie pasuje do tego, co już jest
violation-column = nie jest kolumną pliku
violation-encoding = nie jest kodowaniem, np. utf-8 lub windows-1250
violation-delimiter = nie jest znakiem, który może rozdzielać komórki
violation-sheet = nie jest arkuszem tego skoroszytu
violation-header-row = nie jest wierszem pliku
violation-file-empty = nie ma wierszy
violation-file-kind = nie jest plikiem CSV ani XLSX ({ $kind }); zapisz go w jednym z tych formatów
violation-file-protected = jest chroniony hasłem; zapisz go bez hasła
violation-file-broken = jest uszkodzony i nie da się go odczytać
violation-file-inflates = po rozpakowaniu jest zbyt duży
violation-file-rows = ma więcej niż { $max } wierszy; podziel go
violation-file-columns = ma więcej niż { $max } kolumn
violation-file-cell = ma komórkę dłuższą niż { $max } znaków
violation-file-cells = ma więcej niż { $max } komórek; podziel go
violation-file-header-only = ma nagłówek, a pod nim żadnych wierszy
violation-file-too-large = jest większy niż { $max } MiB

# Clients who turn out to be one person
problem-merged = Klient został połączony z innym
detail-client-erased = O jednym z dwóch nic już nie można odczytać: dane klienta zostały usunięte.
detail-client-has-taken-in = Z tym klientem połączono innych i to, co do nich należy, musi pozostać widoczne.
detail-duplicate-merged = Klienta połączono już wcześniej z innym.
violation-themselves = to ten sam klient
# Webhooks
detail-webhooks-full = Firma może mieć najwyżej { $max } webhooków.
violation-url = nie jest adresem, takim jak https://hooks.example.org/daybook
violation-not-https = musi zaczynać się od https://
violation-url-credentials = nie może zawierać użytkownika ani hasła
violation-url-private = prowadzi do sieci prywatnej
violation-event-type = nie jest zdarzeniem, takim jak daybook.booking.placed lub daybook.booking.*

mail-webhook-subject = { $business }: webhook został wyłączony
mail-webhook-failing = Od trzech dni do webhooka „{ $webhook }” firmy { $business } nie udało się nic dostarczyć. Został wyłączony.
mail-webhook-gone = Webhook „{ $webhook }” firmy { $business } odpowiedział, że już go nie ma. Został wyłączony.
mail-webhook-again = Nic nie przepadło: po naprawie włącz go ponownie, a otrzyma wszystko od miejsca, w którym przerwano.
page-password-choose = Wybierz hasło
page-password-new = Nowe hasło
page-password-hint = Co najmniej { $least } znaków.
page-password-save = Ustaw hasło
page-password-set = Hasło jest ustawione. Możesz się nim teraz zalogować.
page-password-spent = Ten link nie jest już ważny. Poproś o nowy.
# Segments

violation-not-among = nie jest tu znane; dostępne: { $known }
violation-exactly-one = przyjmuje dokładnie jedno z: { $of }
violation-too-deep = { $max ->
    [one] nie może leżeć głębiej niż jeden poziom
    [few] nie może leżeć głębiej niż { $max } poziomy
   *[other] nie może leżeć głębiej niż { $max } poziomów
}
word-segment-loyal = Stali klienci
word-segment-loyal-told = Byli co najmniej pięć razy w ciągu ostatnich 180 dni.
word-segment-sleeping = Uśpieni
word-segment-sleeping-told = Nie byli od 90 dni i nie mają żadnej rezerwacji.
word-segment-new = Nowi
word-segment-new-told = Byli po raz pierwszy w ciągu ostatnich 30 dni.
word-segment-at-risk = Zagrożeni odejściem
word-segment-at-risk-told = Według własnego rytmu powinni byli wrócić tydzień temu, byli w ciągu roku i nie mają żadnej rezerwacji.
word-segment-birthdays = Urodziny w tym miesiącu
word-segment-birthdays-told = Mają urodziny w tym miesiącu.
word-segment-big-spenders = Najwięcej wydający
word-segment-big-spenders-told = Dziesiąta część płacących klientów, która zapłaciła najwięcej w ciągu ostatnich 365 dni.
