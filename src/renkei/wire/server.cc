// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/server.h"

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
#include "renkei/base/log.h"
#include "renkei/wire/listener.h"
#include "renkei/wire/service.h"
#include "renkei/wire/serving.h"
#include "renkei/wire/tls.h"
#include "renkei/wire/transport.h"

namespace renkei::wire {
namespace {

constexpr size_t kBuffersBytesMax = 160u << 20;  // of all connections; the net below the windows
constexpr std::chrono::minutes kRetiredGrace{10};

// A gRPC server with one leaf. A renewed leaf takes a new one behind the same listener.
struct Generation {
  explicit Generation(Serving& serving) : service(serving) {}
  CoordinatorService service;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
  std::unique_ptr<grpc::Server> server;
  std::thread retiring;
};

size_t ConnectionsFor(const ServerOptions& options) {
  const size_t affordable = AffordableConnections(options.connections_max);
  if (affordable < options.connections_max) {
    log::Warn("wire.few-files", {{"connections_max", affordable},
                                 {"wanted", options.connections_max},
                                 {"remedy", "raise the limit of open files (ulimit -n)"}});
  }
  return affordable;
}

class GrpcServer final : public Server {
 public:
  GrpcServer(ServerOptions options, Desk& desk, Clock& clock)
      : options_(std::move(options)),
        serving_(desk, clock, options_.protocols, options_.stall_limit, ConnectionsFor(options_)) {}

  ~GrpcServer() override { Shutdown(Milliseconds(0)); }

  Status Start() {
    RK_ASSIGN_OR_RETURN(listener_, Listener::Open(options_.listen));
    const std::lock_guard lock(mutex_);
    RK_RETURN_IF_ERROR(AddGeneration());
    listener_->Start(serving_.connections, serving_.clock, [this](int socket) { Take(socket); });
    return Ok();
  }

  int port() const override { return listener_->port(); }
  size_t connections() const override { return serving_.connections.size(); }

  Status Renew(const std::string& chain_pem, const std::string& key_pem) override {
    const std::lock_guard lock(mutex_);
    if (serving_.closing) return Error(Code::kFailedPrecondition, "the server is shut down");
    ServerOptions renewed = options_;
    renewed.chain_pem = chain_pem;
    renewed.key_pem = key_pem;
    std::swap(options_, renewed);
    if (const Status started = AddGeneration(); !started.ok()) {
      std::swap(options_, renewed);
      return started;
    }
    Generation& old = *std::prev(generations_.end(), 2);
    old.retiring = std::thread(
        [&old] { old.server->Shutdown(std::chrono::system_clock::now() + kRetiredGrace); });
    return Ok();
  }

  void Shutdown(Milliseconds grace) override {
    if (listener_ != nullptr) listener_->Stop();
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
  // Each new connection is the last generation's.
  void Take(int socket) {
    const std::lock_guard lock(mutex_);
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = socket;
    generations_.back().acceptor->HandleNewConnection(&connection);
  }

  Status AddGeneration() {
    RK_RETURN_IF_ERROR(CheckServable(options_.chain_pem, options_.key_pem, serving_.desk.Roots(),
                                     serving_.clock.Now()));
    Generation& generation = generations_.emplace_back(serving_);
    grpc::ServerBuilder builder;
    generation.acceptor = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        MakeServerCredentials(options_.chain_pem, options_.key_pem));
    builder.RegisterService(&generation.service);
    ConfigureServer(builder, options_.keepalive, options_.handshake_limit);
    grpc::ResourceQuota quota("renkei");
    quota.Resize(kBuffersBytesMax).SetMaxThreads(kThreadsMax);
    builder.SetResourceQuota(quota);
    generation.server = builder.BuildAndStart();
    if (generation.server != nullptr) return Ok();
    generations_.pop_back();
    return Error(Code::kUnavailable, "gRPC does not start behind {}", options_.listen);
  }

  ServerOptions options_;
  Serving serving_;
  std::unique_ptr<Listener> listener_;
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
