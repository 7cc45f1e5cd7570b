#pragma once
// A cluster's labels: a list sorted by key, each key once. Pure.

#include <google/protobuf/repeated_field.h>

#include "core/model/model.pb.h"

namespace esaas::model {

using Labels = google::protobuf::RepeatedPtrField<Label>;

/// Sets each label of `change` in `labels`, in order; an empty value takes the label away.
void merge(Labels& labels, const Labels& change);

/// Those of `labels` whose keys `change` names.
Labels named_by(const Labels& labels, const Labels& change);

}  // namespace esaas::model
