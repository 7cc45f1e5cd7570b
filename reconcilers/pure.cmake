# The pure reconcilers: no Asio, no clock, no logging. Plans come out, nothing is done.
esaas_library(esaas_reconcilers
  SOURCES reconcile.cc observe.cc view.cc draft.cc node_facts.cc offers.cc held.cc mesos_answer.cc growth.cc node_set.cc placement.cc attribute_values.cc
          judged_offers.cc offer_set.cc
          group_constraints.cc zone_spread.cc refusal_tally.cc disks.cc revocable.cc launching.cc
          recovery.cc adoption.cc ledger.cc leaving.cc maintenance.cc exclusions.cc minimum_master_nodes.cc release.cc phase.cc progress.cc goal.cc
          rules/constraint_rules.cc rules/launch_rules.cc rules/offer_rules.cc rules/operation_rules.cc rules/stop_rules.cc
  DEPS esaas_core esaas_elasticsearch_text
  PRIVATE_DEPS re2)
