# The pure reconcilers: no Asio, no clock, no logging. Plans come out, nothing is done.
esaas_library(esaas_reconcilers
  SOURCES reconcile.cc observe.cc view.cc voting.cc draft.cc node_facts.cc offers.cc held.cc mesos_answer.cc growth.cc node_set.cc placement.cc plugins.cc attribute_values.cc
          judged_offers.cc offer_set.cc
          group_constraints.cc zone_spread.cc refusal_tally.cc disks.cc revocable.cc launching.cc
          recovery.cc recovery_guard.cc upgrade.cc adoption.cc allocation.cc ledger.cc leaving.cc maintenance.cc exclusions.cc full_restart.cc minimum_master_nodes.cc release.cc rollout.cc companions.cc consequences.cc data_moved.cc explain.cc servers.cc shielding.cc phase.cc plan_since.cc index_replicas.cc policies.cc policy_requests.cc policy_runs.cc policy_shards.cc policy_snapshots.cc progress.cc questions.cc refused_settings.cc requests.cc setting_defaults.cc side_indices.cc side_operation.cc side_operations.cc
          side_replicas.cc side_settings.cc side_snapshots.cc goal.cc standing_plan.cc what_if.cc what_if_policies.cc
          rules/constraint_rules.cc rules/launch_rules.cc rules/offer_rules.cc rules/operation_rules.cc rules/rollout_rules.cc rules/rule.cc rules/stop_rules.cc
  DEPS esaas_core esaas_elasticsearch_text esaas_haproxy_text esaas_kibana_text
  PRIVATE_DEPS fmt::fmt re2)
