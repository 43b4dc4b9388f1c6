/** Voices of the fakes, by the number that tones carry. */
export const fakeVoices: readonly string[] = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi']
