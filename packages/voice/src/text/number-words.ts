/** Words for amounts in one language: `one|many`, or one form for both. */
export interface NumberWords {
  /** Whether a comma is the decimal mark. */
  hasDecimalComma: boolean
  /** By ISO code: the unit, and the hundredth part. */
  currencies: Readonly<Record<string, readonly [unit: string, cent: string]>>
  /** Between units and cents. */
  and: string
  percent: string
  units: Readonly<Record<string, string>>
  months: readonly string[]
  /** Written ordinals, such as `3rd`: the pattern of what is behind the number, and the words from 1 up. */
  ordinals?: { suffix: string; words: readonly string[] }
  /** Between hour and minutes; absent: times stay as they are written. */
  hour?: string
}

const words = (text: string): string[] => text.split(' ')

const metric = (
  km: string,
  m: string,
  cm: string,
  mm: string,
  kg: string,
  g: string,
  l: string,
  ml: string,
  kmh: string,
  celsius: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> => ({ km, m, cm, mm, kg, g, l, ml, 'km/h': kmh, '°C': celsius, ...more })

const tables: Readonly<Record<string, NumberWords>> = {
  en: {
    hasDecimalComma: false,
    currencies: {
      USD: ['dollar|dollars', 'cent|cents'],
      EUR: ['euro|euros', 'cent|cents'],
      GBP: ['pound|pounds', 'penny|pence'],
      JPY: ['yen', 'sen'],
      CHF: ['franc|francs', 'centime|centimes'],
      INR: ['rupee|rupees', 'paisa|paise'],
    },
    and: ' and ',
    percent: 'percent',
    units: metric(
      'kilometer|kilometers',
      'meter|meters',
      'centimeter|centimeters',
      'millimeter|millimeters',
      'kilogram|kilograms',
      'gram|grams',
      'liter|liters',
      'milliliter|milliliters',
      'kilometers per hour',
      'degree Celsius|degrees Celsius',
      {
        mi: 'mile|miles',
        mph: 'miles per hour',
        ft: 'foot|feet',
        lb: 'pound|pounds',
        lbs: 'pounds',
        oz: 'ounce|ounces',
        '°F': 'degree Fahrenheit|degrees Fahrenheit',
        h: 'hour|hours',
        hrs: 'hours',
        min: 'minute|minutes',
        ms: 'millisecond|milliseconds',
        kB: 'kilobyte|kilobytes',
        MB: 'megabyte|megabytes',
        GB: 'gigabyte|gigabytes',
        TB: 'terabyte|terabytes',
        kW: 'kilowatt|kilowatts',
        kWh: 'kilowatt hour|kilowatt hours',
        MHz: 'megahertz',
        GHz: 'gigahertz',
      },
    ),
    months: words('January February March April May June July August September October November December'),
  },
  de: {
    hasDecimalComma: true,
    currencies: {
      EUR: ['Euro', 'Cent'],
      USD: ['Dollar', 'Cent'],
      GBP: ['Pfund', 'Pence'],
      CHF: ['Franken', 'Rappen'],
      JPY: ['Yen', 'Sen'],
    },
    and: ' ',
    percent: 'Prozent',
    units: metric(
      'Kilometer',
      'Meter',
      'Zentimeter',
      'Millimeter',
      'Kilogramm',
      'Gramm',
      'Liter',
      'Milliliter',
      'Kilometer pro Stunde',
      'Grad Celsius',
      {
        h: 'Stunde|Stunden',
        min: 'Minute|Minuten',
        MB: 'Megabyte',
        GB: 'Gigabyte',
        kWh: 'Kilowattstunde|Kilowattstunden',
      },
    ),
    months: words('Januar Februar März April Mai Juni Juli August September Oktober November Dezember'),
    hour: ' Uhr ',
  },
  fr: {
    hasDecimalComma: true,
    currencies: {
      EUR: ['euro|euros', 'centime|centimes'],
      USD: ['dollar|dollars', 'cent|cents'],
      GBP: ['livre|livres', 'pence'],
      CHF: ['franc|francs', 'centime|centimes'],
      JPY: ['yen|yens', 'sen'],
    },
    and: ' ',
    percent: 'pour cent',
    units: metric(
      'kilomètre|kilomètres',
      'mètre|mètres',
      'centimètre|centimètres',
      'millimètre|millimètres',
      'kilogramme|kilogrammes',
      'gramme|grammes',
      'litre|litres',
      'millilitre|millilitres',
      'kilomètres par heure',
      'degré Celsius|degrés Celsius',
      {
        min: 'minute|minutes',
        Mo: 'mégaoctet|mégaoctets',
        Go: 'gigaoctet|gigaoctets',
      },
    ),
    months: words('janvier février mars avril mai juin juillet août septembre octobre novembre décembre'),
    ordinals: {
      suffix: 'ers?|ères?|re|e|ème|èmes?',
      words: words('premier deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième'),
    },
    hour: ' heures ',
  },
  es: {
    hasDecimalComma: true,
    currencies: {
      EUR: ['euro|euros', 'céntimo|céntimos'],
      USD: ['dólar|dólares', 'centavo|centavos'],
      GBP: ['libra|libras', 'penique|peniques'],
      JPY: ['yen|yenes', 'sen'],
      MXN: ['peso|pesos', 'centavo|centavos'],
    },
    and: ' con ',
    percent: 'por ciento',
    units: metric(
      'kilómetro|kilómetros',
      'metro|metros',
      'centímetro|centímetros',
      'milímetro|milímetros',
      'kilogramo|kilogramos',
      'gramo|gramos',
      'litro|litros',
      'mililitro|mililitros',
      'kilómetros por hora',
      'grado Celsius|grados Celsius',
      {
        h: 'hora|horas',
        min: 'minuto|minutos',
        MB: 'megabytes',
        GB: 'gigabytes',
      },
    ),
    months: words('enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre'),
    ordinals: {
      suffix: '\\.?[ºo]',
      words: words('primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo'),
    },
  },
  it: {
    hasDecimalComma: true,
    currencies: {
      EUR: ['euro', 'centesimo|centesimi'],
      USD: ['dollaro|dollari', 'centesimo|centesimi'],
      GBP: ['sterlina|sterline', 'penny|pence'],
      JPY: ['yen', 'sen'],
    },
    and: ' e ',
    percent: 'per cento',
    units: metric(
      'chilometro|chilometri',
      'metro|metri',
      'centimetro|centimetri',
      'millimetro|millimetri',
      'chilogrammo|chilogrammi',
      'grammo|grammi',
      'litro|litri',
      'millilitro|millilitri',
      'chilometri orari',
      'grado Celsius|gradi Celsius',
      {
        h: 'ora|ore',
        min: 'minuto|minuti',
        MB: 'megabyte',
        GB: 'gigabyte',
      },
    ),
    months: words('gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre'),
    ordinals: { suffix: 'º', words: words('primo secondo terzo quarto quinto sesto settimo ottavo nono decimo') },
  },
  pt: {
    hasDecimalComma: true,
    currencies: {
      EUR: ['euro|euros', 'cêntimo|cêntimos'],
      USD: ['dólar|dólares', 'centavo|centavos'],
      BRL: ['real|reais', 'centavo|centavos'],
      GBP: ['libra|libras', 'pence'],
      JPY: ['iene|ienes', 'sen'],
    },
    and: ' e ',
    percent: 'por cento',
    units: metric(
      'quilômetro|quilômetros',
      'metro|metros',
      'centímetro|centímetros',
      'milímetro|milímetros',
      'quilograma|quilogramas',
      'grama|gramas',
      'litro|litros',
      'mililitro|mililitros',
      'quilômetros por hora',
      'grau Celsius|graus Celsius',
      {
        min: 'minuto|minutos',
        MB: 'megabytes',
        GB: 'gigabytes',
      },
    ),
    months: words('janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro'),
    ordinals: {
      suffix: '\\.?º',
      words: words('primeiro segundo terceiro quarto quinto sexto sétimo oitavo nono décimo'),
    },
  },
  nl: {
    hasDecimalComma: true,
    currencies: { EUR: ['euro', 'cent'], USD: ['dollar', 'cent'], GBP: ['pond', 'pence'], JPY: ['yen', 'sen'] },
    and: ' ',
    percent: 'procent',
    units: metric(
      'kilometer',
      'meter',
      'centimeter',
      'millimeter',
      'kilogram',
      'gram',
      'liter',
      'milliliter',
      'kilometer per uur',
      'graden Celsius',
      {
        min: 'minuut|minuten',
        MB: 'megabyte',
        GB: 'gigabyte',
      },
    ),
    months: words('januari februari maart april mei juni juli augustus september oktober november december'),
    ordinals: {
      suffix: 'e|de|ste',
      words: words('eerste tweede derde vierde vijfde zesde zevende achtste negende tiende'),
    },
    hour: ' uur ',
  },
  zh: {
    hasDecimalComma: false,
    currencies: {
      USD: ['美元', '分'],
      EUR: ['欧元', '分'],
      GBP: ['英镑', '便士'],
      CNY: ['元', '分'],
      JPY: ['日元', '分'],
    },
    and: '',
    percent: '%',
    units: metric('公里', '米', '厘米', '毫米', '公斤', '克', '升', '毫升', '公里每小时', '摄氏度'),
    months: words('1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月'),
  },
  ja: {
    hasDecimalComma: false,
    currencies: { USD: ['ドル', 'セント'], EUR: ['ユーロ', 'セント'], GBP: ['ポンド', 'ペンス'], JPY: ['円', '銭'] },
    and: '',
    percent: 'パーセント',
    units: metric(
      'キロメートル',
      'メートル',
      'センチメートル',
      'ミリメートル',
      'キログラム',
      'グラム',
      'リットル',
      'ミリリットル',
      'キロメートル毎時',
      '度',
    ),
    months: words('1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月'),
  },
}

/** The words of a language, or `undefined` where numbers are left as they are written. */
export function numberWords(language: string): NumberWords | undefined {
  return tables[language]
}
