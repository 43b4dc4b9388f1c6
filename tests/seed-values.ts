import { configureGlobal } from 'fast-check'

// Runs before each suite: the values of property tests come from the run's seed, as the order of tests does.
configureGlobal({ seed: Number(process.env['PARLEY_TEST_SEED']) })
