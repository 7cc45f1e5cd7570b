#pragma once
// Which secrets nothing refers to any more once a change is published: of a cluster that is deleted, of a password that
// a newer one took the place of, of an operation that came to nothing, of a sink. Only what a change replaced is looked
// at: a secret that was just kept for a request that is on its way is never among them. Pure.

#include "reconcilers/loop/published_state.h"
#include "store/secrets/references.h"

namespace esaas::loop {

/// `replaced` is what PublishedState::on_replaced gives, `published` what took its place. Cheap when nothing is
/// dropped.
store::SecretReferences dropped_secrets(const PublishedState::Change& replaced, const PublishedState& published);

}  // namespace esaas::loop
