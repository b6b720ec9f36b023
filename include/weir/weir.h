/* All of Weir's public interface. */
#ifndef WEIR_H
#define WEIR_H

#include <weir/alloc.h>
#include <weir/client.h>
#include <weir/compress.h>
#include <weir/config.h>
#include <weir/fault.h>
#include <weir/job.h>
#include <weir/messages.h>
#include <weir/posix.h>
#include <weir/proto.h>
#include <weir/record.h>
#include <weir/sink.h>
#include <weir/source.h>
#include <weir/types.h>
#include <weir/wire.h>

#endif
