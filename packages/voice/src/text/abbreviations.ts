/** Words that end in a point and do not end a sentence, lower case and without that last point. */
const never: Readonly<Record<string, string>> = {
  en: 'mr mrs ms dr prof rev hon st sr jr gen col capt lt sgt maj gov sen rep pres messrs vs no nos vol fig figs eq sec ch pp pt e.g i.e cf al approx dept est ext tel min max mt ave blvd rd ft lb oz incl govt univ jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thurs fri sat sun',
  de: 'hr fr frl dr prof dipl ing st nr bzw ca bspw z.b d.h u.a u.ä o.ä i.d.r z.t v.a s.o s.u evtl ggf inkl exkl zzgl mind max min abs art bd hrsg jg jh jhd sog str tel usf vgl zt jan feb mrz apr jun jul aug sep sept okt nov dez mo di mi do sa so',
  fr: 'm mm mme mmes mlle mlles dr pr me st ste p.ex cf env éd ex fig hab janv févr avr juil sept oct nov déc no nos p pp tél vol chap art bd av',
  es: 'sr sra srta sres dr dra d dña ud uds prof lic ing arq av avda c p.ej ej cap fig núm nº pág págs tel vol aprox ene feb mar abr may jun jul ago sep sept oct nov dic ee.uu',
  it: 'sig sigg sig.ra sig.na dott dott.ssa prof prof.ssa ing avv arch geom rag on dr es p.es cap fig n nn pag pagg tel vol art ca gen feb mar apr mag giu lug ago set sett ott nov dic',
  pt: 'sr sra srta dr dra prof profa eng arq av d exmo exma p.ex ex cap fig n nº núm pág págs tel vol aprox jan fev mar abr mai jun jul ago set out nov dez',
  nl: 'dhr mevr mw dr drs ir ing mr prof st bijv bv b.v d.w.z i.p.v m.b.t o.a t.a.v t/m nr blz ca evt excl incl enz max min tel vgl zgn jan feb mrt apr jun jul aug sep sept okt nov dec',
}

/** Those that may end a sentence as well: the next word decides. */
const sometimes: Readonly<Record<string, string>> = {
  en: 'etc inc ltd corp co a.m p.m am pm bros ph.d m.d b.a m.a',
  de: 'usw etc u.s.w jr sr',
  fr: 'etc',
  es: 'etc s.a',
  it: 'ecc s.p.a s.r.l',
  pt: 'etc ltda s.a',
  nl: 'etc n.v',
}

const tables = new Map<string, { never: ReadonlySet<string>; sometimes: ReadonlySet<string> }>(
  Object.entries(never).map(([language, words]) => [
    language,
    { never: new Set(words.split(' ')), sometimes: new Set((sometimes[language] ?? '').split(' ')) },
  ]),
)
const fallback = { never: new Set('mr mrs dr prof st etc vs no'.split(' ')), sometimes: new Set<string>() }

/** Whether a word before a point is an abbreviation: `sometimes` may end a sentence, `never` does not. */
export function abbreviationKind(word: string, language: string): 'never' | 'sometimes' | null {
  const table = tables.get(language) ?? fallback
  const lower = word.toLowerCase()
  if (table.never.has(lower)) return 'never'
  return table.sometimes.has(lower) ? 'sometimes' : null
}
