// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/server.h"

#include <atomic>
#include <chrono>
#include <iterator>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include <grpc/grpc.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "renkei/base/check.h"
#include "renkei/wire/listen_address.h"
#include "renkei/wire/service.h"
#include "renkei/wire/serving.h"
#include "renkei/wire/tls.h"
#include "renkei/wire/transport.h"

namespace renkei::wire {
namespace {

constexpr size_t kBuffersBytesMax = 160u << 20;  // of all connections; the net below the windows
constexpr std::chrono::minutes kRetiredGrace{10};

// A gRPC server with one leaf. A renewed leaf takes a new one on the same port.
struct Generation {
  explicit Generation(Serving& serving) : service(serving) {}
  CoordinatorService service;
  std::unique_ptr<grpc::Server> server;
  std::thread retiring;
  std::atomic<bool> retired = false;
};

class GrpcServer final : public Server {
 public:
  GrpcServer(ServerOptions options, Desk& desk, Clock& clock)
      : options_(std::move(options)),
        serving_(desk, clock, options_.protocols, options_.stall_limit) {}

  ~GrpcServer() override { Shutdown(Milliseconds(0)); }

  Status Start() {
    RK_RETURN_IF_ERROR(CheckFree(options_.listen));
    int port = 0;
    RK_RETURN_IF_ERROR(Listen(options_.listen, &port));
    port_ = port;
    const std::string host = options_.listen.substr(0, options_.listen.rfind(':'));
    options_.listen = fmt::format("{}:{}", host, port);
    return Ok();
  }

  int port() const override { return port_; }

  Status Renew(const std::string& chain_pem, const std::string& key_pem) override {
    const std::lock_guard lock(mutex_);
    if (serving_.closing) return Error(Code::kFailedPrecondition, "the server is shut down");
    ServerOptions renewed = options_;
    renewed.chain_pem = chain_pem;
    renewed.key_pem = key_pem;
    std::swap(options_, renewed);
    int port = 0;
    if (const Status started = Listen(options_.listen, &port); !started.ok()) {
      std::swap(options_, renewed);
      return started;
    }
    Generation& old = *std::prev(generations_.end(), 2);
    old.retiring = std::thread(
        [&old] { old.server->Shutdown(std::chrono::system_clock::now() + kRetiredGrace); });
    return Ok();
  }

  void Shutdown(Milliseconds grace) override {
    const std::lock_guard lock(mutex_);
    serving_.closing = true;
    serving_.stalls.BreakAll();
    for (Generation& generation : generations_) {
      if (!generation.retiring.joinable()) {
        generation.server->Shutdown(std::chrono::system_clock::now() + grace);
      }
    }
    for (Generation& generation : generations_) {
      if (generation.retiring.joinable()) generation.retiring.join();
      generation.server->Wait();
    }
    generations_.clear();
  }

 private:
  Status Listen(const std::string& address, int* port) {
    RK_RETURN_IF_ERROR(CheckServable(options_.chain_pem, options_.key_pem, serving_.desk.Roots(),
                                     serving_.clock.Now()));
    Generation& generation = generations_.emplace_back(serving_);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, MakeServerCredentials(options_.chain_pem, options_.key_pem),
                             port);
    builder.RegisterService(&generation.service);
    ConfigureServer(builder);
    grpc::ResourceQuota quota("renkei");
    quota.Resize(kBuffersBytesMax).SetMaxThreads(kThreadsMax);
    builder.SetResourceQuota(quota);
    generation.server = builder.BuildAndStart();
    if (generation.server != nullptr && *port != 0) return Ok();
    generations_.pop_back();
    return Error(Code::kUnavailable, "cannot listen on {}", address);
  }

  ServerOptions options_;
  Serving serving_;
  int port_ = 0;
  std::mutex mutex_;
  std::list<Generation> generations_;  // the last one is in force
};

}  // namespace

StatusOr<std::unique_ptr<Server>> StartServer(ServerOptions options, Desk& desk, Clock& clock) {
  auto server = std::make_unique<GrpcServer>(std::move(options), desk, clock);
  RK_RETURN_IF_ERROR(server->Start());
  return server;
}

}  // namespace renkei::wire
