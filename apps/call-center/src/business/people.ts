/** One of the four people the caller page offers to be. */
export interface DemoPerson {
  key: 'ada' | 'ben' | 'carla' | 'dev'
  firstName: string
  lastName: string
  number: string
  /** Shown on the card, since the visitor plays this person. */
  pin: string
  planId: string
  area: string
  city: string
  story: string
  /** What to say first. */
  firstWords: string
}

/** Ada, Ben, Carla and Dev: who they are and what happened to them. */
export const demoPeople: readonly DemoPerson[] = [
  {
    key: 'ada',
    firstName: 'Ada',
    lastName: 'Moreno',
    number: '204417',
    pin: '4821',
    planId: 'fiber-300',
    area: 'Harbor West',
    city: 'Port Ellery',
    story: 'Charged $79.00 twice in one month',
    firstWords: 'I was charged twice',
  },
  {
    key: 'ben',
    firstName: 'Ben',
    lastName: 'Okafor',
    number: '318652',
    pin: '1907',
    planId: 'fiber-100',
    area: 'Old Town',
    city: 'Port Ellery',
    story: 'The line drops each evening',
    firstWords: 'My internet drops every evening',
  },
  {
    key: 'carla',
    firstName: 'Carla',
    lastName: 'Nguyen',
    number: '577290',
    pin: '6634',
    planId: 'fiber-500',
    area: 'Harbor East',
    city: 'Lowbridge',
    story: 'Wants to cancel: too expensive',
    firstWords: 'I want to cancel',
  },
  {
    key: 'dev',
    firstName: 'Dev',
    lastName: 'Patel',
    number: '640138',
    pin: '3055',
    planId: 'fiber-300',
    area: 'Riverside',
    city: 'Lowbridge',
    story: 'No internet at all',
    firstWords: 'My internet is down',
  },
]
