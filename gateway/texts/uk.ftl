# Назви проблем

problem-malformed = Запит неможливо прочитати
problem-unauthenticated = Увійдіть або надайте чинний ключ API
problem-bad-credentials = Адреса e-mail або пароль неправильні
problem-code-required = Потрібен код з автентифікатора
problem-forbidden = Ви не маєте на це права
problem-module-off = Цю частину Daybook вимкнено
problem-cross-site = Запит надійшов з іншого сайту
problem-not-found = Тут такого немає
problem-method-not-allowed = За цією адресою цього зробити не можна
problem-slot-taken = Цей час зайнято
problem-conflict = Щось стоїть на заваді
problem-wrong-state = Це не відповідає теперішньому стану
problem-bookings-affected = На цей час є бронювання
problem-cannot-revert = Цю зміну не можна скасувати
problem-stale = Відколи ви прочитали, це змінилося
problem-too-large = Запит завеликий
problem-unsupported-media-type = Такий вид вмісту тут не приймається
problem-invalid = Деякі поля потрібно виправити
problem-idempotency-key-reused = Цей Idempotency-Key використано для іншого запиту
problem-too-many-requests = Забагато спроб; зачекайте трохи
problem-internal = Щось пішло не так на нашому боці
problem-unavailable = Служба зараз не може цього зробити
problem-not-yet = Те, про що запитано, ще не готове

# Подробиці одного випадку

detail-bad-json = Тіло не є правильним JSON: { $what }
detail-not-utf8 = Тіло не є правильним UTF-8.
detail-body-lost = Тіло надійшло не повністю.
detail-being-built = Це складається вперше й буде показано, щойно стане повним.
detail-too-large = Приймається щонайбільше { $max } байтів.
detail-wants-type = Надішліть як { $wanted }.
detail-no-token = Запит не має ні ключа API, ні сеансу.
detail-unknown-token = Ключ API або сеанс невідомі, прострочені чи відкликані.
detail-no-route = За цією адресою нічого немає.
detail-module-off = У закладі вимкнено модуль { $module }.
detail-needs-right = Для цього потрібне право { $right }.
detail-wrong-code = Цей код недійсний або вже використаний.
detail-link-used = Посилання більше не діє: його використано або воно застаріле.
detail-above-you = Ніхто не надає більше, ніж має сам, і не вирішує за того, хто стоїть так само високо.
detail-last-owner = Це останній власник, який може увійти; спершу зробіть власником когось іншого.
detail-keys-in-a-row = Ключ може видавати ключі, а ті — наступні, але щонайбільше { $max } поспіль.
detail-yourself = Ніхто не закриває доступ самому собі.
detail-not-invited = Немає запрошення, яке можна поновити: людина вже приєдналася або доступ вимкнено.
detail-owners-have-all = Власник має всі права.
detail-no-user = Ключ API не має профілю, сесій чи пароля: увійдіть.
detail-moved-on = Це змінили тієї ж миті. Прочитайте знову й повторіть.
detail-stale = Теперішня версія: { $version }.
detail-revert-beginning = Цією зміною річ було створено.
detail-revert-lasting = Цю зміну ніщо не скасує.
detail-revert-changed-since = { $field } відтоді знову змінено.
detail-revert-as-before = Усе так, як було до цієї зміни.
detail-revert-erased = Те, що було раніше, стерто.
detail-revert-gone = { $field }: більше не приймає бронювань.
detail-name-taken = Ця назва вже зайнята ({ $kind }).
detail-bookings-affected = { $count ->
    [one] На цей час є { $count } бронювання. Надішліть keep_bookings: true, щоб його залишити.
    [few] На цей час є { $count } бронювання. Надішліть keep_bookings: true, щоб їх залишити.
   *[other] На цей час є { $count } бронювань. Надішліть keep_bookings: true, щоб їх залишити.
}
detail-erased = Дані цієї особи стерто; більше нічого про неї записати не можна.
detail-crowded = Забагато змін цього закладу чекають у черзі.
detail-exports-busy = Уже виконується стільки експортів, скільки можливо водночас. Спробуйте за мить.
detail-too-costly = Це забирає в бази даних забагато часу. Звузьте запит: коротший період, менше умов.
detail-outcome-unknown = Зв'язок із базою втрачено до відповіді: зміну могло бути записано. Надішліть ще раз із тим самим Idempotency-Key.
detail-withdrawn = Послугу знято.
detail-left = Цей працівник пішов.
detail-retired = Робоче місце прибрано.
detail-wrong-state = Стан бронювання: { $status }.
detail-deleted = Бронювання видалено; спершу відновіть його.
detail-not-arrived = Клієнт не прийшов.
detail-class-ended = Заняття завершено.
detail-session-cancelled = Цю дату заняття скасовано.
detail-is-seat = Бронювання є місцем на занятті: час, працівник і послуга — ті самі, що в заняття.
detail-waitlist-state = Запит у списку очікування має стан { $state }.
detail-dates-taken = Не всі вказані дати вільні (зайнятих: { $count }).

# Що не так із полем

violation-missing = бракує
violation-password-length = має містити від { $least } до { $most } символів
violation-totp-code = не є кодом цього автентифікатора, або налаштування не розпочато
violation-right = не є правом
violation-wrong-password = не є вашим паролем
violation-not-single = належить ролі в цілому й окремо не надається і не забирається
violation-email-taken = є адресою іншого користувача
violation-unknown-field = тут невідоме
violation-twice = трапляється двічі
violation-wrong-type = неправильного типу ({ $what })
violation-form = має неправильну форму ({ $what })
violation-empty = не може бути порожнім
violation-too-long = { $max ->
    [one] може мати щонайбільше { $max } символ
    [few] може мати щонайбільше { $max } символи
   *[other] може мати щонайбільше { $max } символів
}
violation-too-many = { $max ->
    [one] приймає щонайбільше { $max } елемент
    [few] приймає щонайбільше { $max } елементи
   *[other] приймає щонайбільше { $max } елементів
}
violation-too-many-groups = дало б більше ніж { $max } частин; запитайте за тижнями чи місяцями або про менше днів
violation-control-characters = не може містити керівних символів
violation-color = мусить бути кольором, наприклад #3366cc
violation-origin = приймає літери, цифри, пробіли та _ - .
violation-phone = не є номером телефону; вкажіть його з кодом країни, наприклад +380 50 123 45 67
violation-email = не є адресою e-mail
violation-telegram = не є ім'ям у Telegram, наприклад @ada_l
violation-fiscal-code = приймає від 4 до 32 літер і цифр
violation-country = не є дволітерним кодом країни
violation-language = не є позначкою мови, наприклад uk чи en-GB
violation-time-zone = не є часовим поясом, наприклад Europe/Kyiv
violation-currency = не є кодом валюти, наприклад EUR
violation-currency-in-use = не можна змінити, коли щось уже має ціну
violation-date = не є датою, наприклад 2026-11-23
violation-not-money = не є сумою, наприклад "120.00"
violation-too-precise = { $decimals ->
    [0] у { $currency } немає знаків після коми
    [one] у { $currency } щонайбільше { $decimals } знак після коми
    [few] у { $currency } щонайбільше { $decimals } знаки після коми
   *[other] у { $currency } щонайбільше { $decimals } знаків після коми
}
violation-too-much = завелике
violation-negative = не може бути від'ємним
violation-not-positive = мусить бути більшим за нуль
violation-out-of-range = мусить бути між { $least } і { $most }
violation-processing-outside = мусить початися після початку й закінчитися до кінця послуги
violation-not-found = невідоме в цьому закладі
violation-gone = більше не приймає бронювань
violation-end-not-after-start = мусить бути після { $from }
violation-too-little = має бути щонайменше { $least }
violation-begins-at-the-end = 24:00 може закінчувати день, а не починати проміжок
violation-cannot-begin = бронювання не може починатися зі стану { $status }
violation-more-than-paid = повернути можна лише { $left }
violation-other-currency = мусить бути в { $currency }
violation-past = мусить бути в майбутньому
violation-cursor = не є курсором із попередньої відповіді на те саме запитання
violation-header = неможливо прочитати
violation-calendar = не містить події з придатною датою
violation-which-business = мусить назвати один із ваших закладів: { $slugs }
violation-local-time = не є місцевою датою з часом, наприклад 2026-11-23T09:00
violation-nobody-does-it = ніхто не виконує цієї послуги
violation-no-desk = немає відповідного місця
violation-outside-hours = поза робочим часом
violation-too-soon = не може бути раніше { $earliest }
violation-past-hours = закінчиться після робочого часу, який триває до { $until }
violation-house-closed = заклад зачинено до { $until }
violation-staff-away = працівника немає до { $until }
violation-desk-closed = місце зачинено до { $until }
violation-off-grid = не збігається з початками, що йдуть кожні { $step } хв
violation-not-bookable = не можна забронювати
violation-does-not-do-it = не виконує цієї послуги
violation-desk-does-not-serve-it = не обслуговує цієї послуги
violation-is-no-seat = на іншу дату заняття можна перенести лише місце на занятті
violation-rrule = не є правилом повторення (RFC 5545): { $what }
violation-no-date = не називає жодної майбутньої дати
violation-needs-start = можна вказати лише разом із початком
violation-start-or-period = вкажіть або початок, або період
violation-seats-taken = зайнято місць: { $taken }
violation-not-of-session = не збігається із заняттям; не вказуйте це поле
violation-session-cancelled = скасовано
violation-has-seat = вже має місце на цьому занятті
violation-endless = повинно мати кінець: COUNT або UNTIL
violation-starts-or-rule = вкажіть або starts, або start і rrule
violation-one-of-two = вкажіть client_id або client
violation-as-of = не є позицією чи моментом на зразок 2026-11-23T09:00:00Z
violation-one-for-each = вкажіть один раз або для кожної послуги
violation-not-before = не може бути раніше за { $from }
violation-nothing-offered = вкажіть початок: нічого не запропоновано
violation-not-waited-for = стосується іншої послуги, ніж та, на яку чекають
violation-of-one-service = приймається лише для однієї послуги
violation-wish = не є ні датою, ні місцевою датою з часом, ні моментом
violation-one-of-these = вкажіть одне з цих
violation-not-affected = не лежить у закритому часі

# Листи

mail-invitation-subject = { $business } запрошує вас
mail-invitation-body =
    { $business } запрошує вас до свого календаря. Задайте пароль протягом { $days } днів:

    { $link }
mail-reset-subject = Новий пароль
mail-reset-body =
    Хтось попросив новий пароль для: { $businesses }. Якщо це були ви, задайте його протягом години:

    { $link }
mail-reset-ignore = Якщо це були не ви, нічого робити не потрібно: без цього листа ніхто нічого не змінить.
violation-confirmed-twice = можна вимагати лише там, де бронювання підтверджуються одразу (auto_confirm)

# What visitors of the public side are told

problem-link-superseded = Це посилання створено до останньої зміни
detail-link-superseded = Перегляньте бронювання ще раз: відповідь містить його найновіше посилання.
problem-not-online = Це неможливо забронювати онлайн; зв'яжіться з нами
problem-challenge-failed = Спочатку покажіть, що ви не програма
detail-too-late-to-change = Змінити можна було до { $until }. Зв'яжіться з нами.
violation-too-far = не може бути пізніше ніж { $last }
violation-service-or-services = вкажіть або service_id (і staff_id), або services
violation-phone-or-email = вкажіть номер телефону або адресу e-mail
violation-consent-version = вже має інше формулювання: версія { $version }
violation-consent-required = бракує обов'язкової згоди
violation-code = не є кодом з останнього повідомлення
violation-code-spent = більше спроб немає; попросіть новий код
word-booked-as-name = Заброньовано онлайн як: { $name }
word-booked-with-phone = Заброньовано онлайн з телефоном: { $phone }
word-booked-with-email = Заброньовано онлайн з e-mail: { $email }
word-not-confirmed = Не підтверджено вчасно
mail-confirm-subject = Підтвердьте бронювання в { $business }
mail-confirm-body = Ви забронювали час у { $business } на { $when }. Час чекає на ваше підтвердження, але недовго.
mail-confirm-link = Підтвердьте тут: { $link }
mail-confirm-code = Ваш код: { $code }.
mail-confirm-ignore = Якщо це були не ви, нічого не треба робити: бронювання скасується само.

# The booking page

page-book-at = Бронювання в { $business }
page-no-house = За цією адресою немає сторінки бронювання.
page-no-script = Щоб забронювати тут, увімкніть JavaScript або зв'яжіться з нами.
page-contact = Контакти
page-loading = Хвилинку …
page-trouble = Щось пішло не так. Спробуйте ще раз.
page-your-time = ваш час
page-no-times = У ці дні немає вільного часу.
page-next-free = Показати найближчий вільний час
page-earlier = Раніше
page-later = Пізніше
page-when = Коли
page-times-in = Час за поясом
page-back = Назад
page-next = Далі
page-what = Що
page-what-hint = Виберіть одну послугу або кілька поспіль.
page-minutes = хв
page-who = До кого
page-anyone = Будь-хто вільний
page-name = Ваше ім'я
page-phone = Телефон
page-phone-or-email = Достатньо номера телефону або адреси e-mail.
page-email = E-mail
page-email-hint = Ми напишемо на неї, щоб ви підтвердили бронювання.
page-comment = Щось, що нам варто знати
page-required = обов'язково
page-book = Забронювати
page-you = Ваші дані
page-price = Ціна
page-held = Ми тримаємо цей час для вас, поки ви заповнюєте.
page-consent-missing = Погодьтеся з обов'язковим.
page-check-mail = Підтвердьте його: ми надіслали вам лист. До того часу місце недовго чекає.
page-requested = Запит надіслано; ми його підтвердимо.
page-confirmed = Підтверджено
page-completed = Виконано
page-no-show = Пропущено
page-cancelled = Скасовано
page-done = Дякуємо
page-reference = Номер
page-keep-link = Збережіть посилання нижче: ним можна перенести або скасувати бронювання.
page-manage = Переглянути, перенести чи скасувати
page-your-booking = Ваше бронювання
page-no-booking = За цим посиланням немає бронювання.
page-superseded = Бронювання змінилося після створення цього посилання. Ось який вигляд воно має тепер.
page-confirm = Підтвердити
page-code = Код з листа
page-change-until = Можна змінити до
page-move = Перенести
page-cancel = Скасувати бронювання
page-too-late = Його вже не можна змінити онлайн. Зв'яжіться з нами.
page-cancel-sure = Скасувати бронювання?
page-reason = Чому (за бажанням)
page-seats = Вільні місця
page-again = Спробувати ще раз
page-resend = Надіслати лист ще раз
page-resent = Якщо це адреса, вказана під час бронювання, лист уже в дорозі.
page-review = Як усе пройшло? 1 — погано, 5 — дуже добре.
page-review-text = Своїми словами (за бажання)
page-reviewed = Дякуємо за відгук.
page-send = Надіслати

# Imports

detail-bad-form = Форму не вдалося прочитати.
detail-import-state = Імпорт у стані: { $state }.
violation-destroyed-number = округлено електронною таблицею: цифри втрачено
violation-future = не може бути в майбутньому
violation-duration = не є тривалістю, як-от 45, 1:30 або 1h30
violation-range = є діапазоном; потрібне одне значення
violation-yes-or-no = не є ні «так», ні «ні»
violation-formula = є формулою: її не виконано, взято останнє значення
violation-totals = є рядком підсумків
violation-header-again = повторює заголовок
violation-duplicate-in-file = збігається з рядком { $row }
violation-already-known = тут уже відоме
violation-person-erased = належить людині, чиї дані стерто
violation-does-not-fit = не узгоджується з тим, що вже є
violation-column = не є стовпцем файлу
violation-encoding = не є кодуванням, як-от utf-8 або windows-1251
violation-delimiter = не є знаком, що може розділяти клітинки
violation-sheet = не є аркушем цієї книги
violation-header-row = не є рядком файлу
violation-file-empty = не має рядків
violation-file-kind = не є ні CSV, ні XLSX ({ $kind }); збережіть його в одному з цих форматів
violation-file-protected = захищено паролем; збережіть без нього
violation-file-broken = пошкоджено, прочитати не вдалося
violation-file-inflates = завеликий після розпакування
violation-file-rows = має понад { $max } рядків; поділіть його
violation-file-columns = має понад { $max } стовпців
violation-file-cell = має клітинку, довшу за { $max } символів
violation-file-cells = має понад { $max } комірок; поділіть його
violation-file-header-only = має заголовок і жодного рядка під ним
violation-file-too-large = більший за { $max } МіБ

# Clients who turn out to be one person
problem-merged = Клієнта об'єднано з іншим
detail-client-erased = Про одного з двох уже нічого не можна прочитати: дані клієнта стерто.
detail-client-has-taken-in = З цим клієнтом об'єднано інших, і те, що їм належить, має лишатися видимим.
detail-duplicate-merged = Клієнта вже раніше об'єднали з іншим.
violation-themselves = це той самий клієнт
# Webhooks
detail-webhooks-full = Компанія може мати щонайбільше { $max } вебхуків.
violation-url = не є адресою на кшталт https://hooks.example.org/daybook
violation-not-https = має починатися з https://
violation-url-credentials = не може містити користувача чи пароль
violation-url-private = веде до приватної мережі
violation-event-type = не є подією на кшталт daybook.booking.placed або daybook.booking.*

mail-webhook-subject = { $business }: вебхук вимкнено
mail-webhook-failing = Уже три дні до вебхука «{ $webhook }» компанії { $business } не вдавалося нічого доставити. Його вимкнено.
mail-webhook-gone = Вебхук «{ $webhook }» компанії { $business } відповів, що його більше немає. Його вимкнено.
mail-webhook-again = Нічого не втрачено: коли його полагодять, увімкніть його знову, і він отримає все з того місця, де зупинився.
page-password-choose = Оберіть пароль
page-password-new = Новий пароль
page-password-hint = Щонайменше { $least } символів.
page-password-save = Встановити пароль
page-password-set = Пароль встановлено. Тепер ви можете увійти з ним.
page-password-spent = Це посилання більше не дійсне. Попросіть нове.
# Segments

violation-not-among = тут не відоме; є: { $known }
violation-exactly-one = приймає рівно одне з: { $of }
violation-too-deep = { $max ->
    [one] не може лежати глибше ніж { $max } рівень
    [few] не може лежати глибше ніж { $max } рівні
   *[other] не може лежати глибше ніж { $max } рівнів
}
word-segment-loyal = Постійні
word-segment-loyal-told = Приходили щонайменше п’ять разів за останні 180 днів.
word-segment-sleeping = Сплячі
word-segment-sleeping-told = Не приходили 90 днів і не мають жодного запису.
word-segment-new = Нові
word-segment-new-told = Прийшли вперше за останні 30 днів.
word-segment-at-risk = Під загрозою
word-segment-at-risk-told = За власною звичкою мали б повернутися тиждень тому, приходили протягом року і не мають жодного запису.
word-segment-birthdays = Дні народження цього місяця
word-segment-birthdays-told = Мають день народження цього місяця.
word-segment-big-spenders = Найщедріші
word-segment-big-spenders-told = Десята частина клієнтів, які платили, що заплатила найбільше за останні 365 днів.
