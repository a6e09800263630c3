/*
 * schema - see schema.h.
 * Everything that decides how octets are read goes into the hash: numbers,
 * names, order, kinds and bounds.  Offsets do not: they are each build's own.
 */
#include "ipc/schema.h"

#include <string.h>

#include "base/hash.h"
#include "ipc/catalogue.h"
#include "ipc/msg_auth.h"
#include "ipc/msg_chan.h"
#include "ipc/msg_deliver.h"
#include "ipc/msg_dns.h"
#include "ipc/msg_lookup.h"
#include "ipc/msg_pam.h"
#include "ipc/msg_queue.h"
#include "ipc/msg_refusal.h"
#include "ipc/msg_sign.h"
#include "ipc/msg_super.h"

const struct ipc_type *const ipc_catalogue[] = {
	&refusal_type,
	&super_hello_type, &super_identity_type, &super_range_type,
	&super_setting_type, &super_peer_type, &super_log_type,
	&super_listener_type, &super_file_type,
	&super_go_type, &super_map_me_type, &super_mapped_type,
	&super_ready_type, &super_control_type, &super_successor_type,
	&super_stop_type, &super_log_ended_type, &super_carry_type, &super_pair_ask_type,
	&super_pair_type, &super_no_pair_type, &super_refused_type,
	&super_judged_type, &super_edge_ended_type,
	&chan_new_type,
	&rcpt_check_type, &rcpt_verdict_type, &resolve_type, &target_type,
	&resolved_type, &sender_check_type, &sender_verdict_type,
	&rewrite_type, &rewritten_type, &relay_ask_type, &relay_secret_type,
	&auth_req_type, &auth_rep_type, &login_req_type, &login_rep_type,
	&session_start_type, &sasl_begin_type, &sasl_more_type, &sasl_end_type,
	&sasl_rep_type, &login_claim_type,
	&dns_ask_type, &dns_answer_type,
	&queue_new_type, &queue_file_type, &queue_commit_type,
	&queue_committed_type, &queue_abort_type, &queue_mine_type,
	&out_worker_type, &local_worker_type, &job_type, &job_rcpt_type,
	&job_go_type, &result_type, &result_forward_type, &job_end_type,
	&orphan_type, &orphan_result_type,
	&sign_req_type, &sign_rep_type, &cert_req_type, &cert_rep_type,
	&pam_req_type, &pam_rep_type,
	NULL
};

static void
add_number(struct sum64 *sum, uint64_t v)
{
	uint8_t wire[8];

	for (size_t i = 0; i < sizeof(wire); i++)
		wire[i] = (uint8_t)(v >> (8 * i));
	sum64_add(sum, wire, sizeof(wire));
}

static void
add_name(struct sum64 *sum, const char *name)
{
	sum64_add(sum, name, strlen(name) + 1);
}

uint64_t
ipc_schema(void)
{
	struct sum64 sum;
	const struct ipc_type *t;

	sum64_init(&sum);
	for (size_t i = 0; (t = ipc_catalogue[i]) != NULL; i++) {
		add_number(&sum, t->num);
		add_name(&sum, t->name);
		add_number(&sum, t->fd);
		add_number(&sum, t->nfields);
		for (size_t j = 0; j < t->nfields; j++) {
			add_name(&sum, t->fields[j].name);
			add_number(&sum, t->fields[j].kind);
			add_number(&sum, t->fields[j].min);
			add_number(&sum, t->fields[j].max);
		}
	}
	return sum64_end(&sum);
}
