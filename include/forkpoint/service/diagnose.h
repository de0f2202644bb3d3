#pragma once
/*
 * /diagnose: was this version right for that commit, and what happened since? One question that
 * gathers the evidence: fork points, training commits, the version's life in the feed, and who was
 * answered what. Reads the database: not for event loops.
 */
#include "forkpoint/service/as_of.h"
#include "forkpoint/service/verdict.h"
#include "forkpoint/store/versions.h"

enum {
	FP_DIAGNOSED_ANSWERS_MAX = 20,
	FP_DIAGNOSED_EVENTS_MAX = 50,
	FP_DIAGNOSED_OVERRIDES_MAX = 8,
};

/* Where a training commit lies, seen from the fork point. */
enum fp_training_place {
	FP_TRAINING_IS_FORK_POINT,
	FP_TRAINING_BEFORE, /* an ancestor: its profile is of code that is in the build */
	FP_TRAINING_AFTER,  /* a descendant */
	FP_TRAINING_ASIDE,  /* neither: the two lines met at `meeting` */
	FP_TRAINING_UNRELATED,
};

/* "fork-point", "before", …. */
const char *fp_training_place_name(enum fp_training_place place);

struct fp_training {
	uint32_t commit;
	enum fp_training_place place;
	bool on_branch;	  /* in the PGO branch's history */
	uint32_t meeting; /* of FP_TRAINING_ASIDE */
	uint32_t ahead;	  /* commits that it has and the fork point lacks */
	uint32_t behind;  /* commits that the fork point has and it lacks */
	int64_t minutes;  /* its stamp minus the fork point's */
};

/* One answer that was given for the commit; texts end in the diagnosis's room. */
struct fp_diagnosed_answer {
	uint64_t id;
	int64_t at_us;
	struct fp_str branch, version, outcome, client, agent, build;
	bool got_used;
};

struct fp_diagnosed_event {
	int64_t at_us;
	int kind; /* FP_VERSION_EVENT_… */
};

/* What a decision of people does to the answer. */
enum fp_override_effect {
	FP_OVERRIDE_DECIDES, /* a pin that is answered */
	FP_OVERRIDE_IS_VOID, /* a pin whose version cannot be given */
	FP_OVERRIDE_EXCLUDES_USED,
	FP_OVERRIDE_EXCLUDES_BETTER, /* a version that would be right otherwise */
};

/* "decides", "void", …. */
const char *fp_override_effect_name(enum fp_override_effect effect);

struct fp_diagnosed_override {
	const struct fp_override *override;
	enum fp_override_effect effect;
	bool then, now; /* in force at that moment; without one, then is false */
};

enum fp_difference_cause {
	FP_DIFFERENCE_NONE,
	FP_DIFFERENCE_PACKAGE_APPEARED,
	FP_DIFFERENCE_PACKAGE_GONE, /* vanished, unlisted, or not to be downloaded */
	FP_DIFFERENCE_PACKAGE_BACK,
	FP_DIFFERENCE_BRANCH_MOVED,
	FP_DIFFERENCE_OVERRIDE, /* a quarantine or a pin began or ended */
	FP_DIFFERENCE_CONFIGURATION,
	FP_DIFFERENCE_UNKNOWN, /* what is not written down */
};

const char *fp_difference_cause_name(enum fp_difference_cause cause);

/* Since when the answer is another than at the moment that was asked about. */
struct fp_difference {
	enum fp_difference_cause cause;
	int64_t since_us;
	struct fp_buf subject;	/* the version, or the branch */
	struct fp_oid from, to; /* of a branch that moved */
	/* Of FP_DIFFERENCE_OVERRIDE; among overrides, which are the difference's. */
	const struct fp_override *override;
	bool override_began; /* or ended */
	struct fp_overrides *overrides;
};

struct fp_diagnosis_query {
	struct fp_question question;
	struct fp_str used;
	int64_t at_us; /* -1 where not asked */
};

struct fp_diagnosis {
	struct fp_answer now; /* its outcome is the diagnosis's: ok and no-database are judged */
	struct fp_judgement judged_now;
	struct fp_buf used;

	/* The moment that is asked about: the request's, or when the version was last answered for
	 * this commit; -1 = none, and then everything is about now. */
	int64_t at_us;
	bool at_is_from_history;
	struct fp_buf at_build;		 /* the build whose first answer it was; or empty */
	const struct fp_snapshot *world; /* of then; NULL where none is */
	struct fp_answer then;		 /* has meaning with a world */
	struct fp_judgement judged_then;
	struct fp_buf then_trouble; /* why there is no world, or no judgement of it; or empty */
	bool then_counts;	    /* the verdict is that of then */
	struct fp_difference difference;

	/* What people decided, then and now: of the judged answer first. */
	struct fp_diagnosed_override overrides[FP_DIAGNOSED_OVERRIDES_MAX];
	size_t override_count;

	/* About the version, in the judged answer's world. */
	struct fp_decoded decoded;
	struct fp_training training[FP_TRAINED_MAX];
	uint32_t training_count; /* all there are; the array may hold fewer */
	struct fp_diagnosed_event events[FP_DIAGNOSED_EVENTS_MAX]; /* oldest first */
	size_t event_count;
	struct fp_diagnosed_answer answers[FP_DIAGNOSED_ANSWERS_MAX]; /* newest first */
	size_t answer_count;
	bool more_answers;
	struct fp_texts *texts;
};

void fp_diagnosis_init(struct fp_diagnosis *diagnosis);
/* The worker must still be in the snapshot that the diagnosis was made from. */
void fp_diagnosis_release(struct fp_worker *worker, struct fp_diagnosis *diagnosis);

/* *diagnosis must be fresh. A negative value when the database cannot be read. */
int fp_service_diagnose(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_diagnosis_query *query, int64_t now_us, struct fp_diagnosis *diagnosis,
	struct fp_error *error);

/* The answer that the verdict is about, and its judgement. */
const struct fp_answer *fp_diagnosis_answer(const struct fp_diagnosis *diagnosis);
const struct fp_judgement *fp_diagnosis_judgement(const struct fp_diagnosis *diagnosis);

/* Sentences, each appended without a line's end. */
void fp_diagnosis_write_conclusion(const struct fp_diagnosis *diagnosis, struct fp_buf *buf);
void fp_diagnosis_write_advice(const struct fp_diagnosis *diagnosis, struct fp_buf *buf);
void fp_diagnosis_write_override(const struct fp_diagnosis *diagnosis,
	const struct fp_diagnosed_override *override, struct fp_buf *buf);
void fp_diagnosis_write_difference(const struct fp_diagnosis *diagnosis, struct fp_buf *buf);
void fp_training_write(
	const struct fp_answer *answer, const struct fp_training *training, struct fp_buf *buf);
