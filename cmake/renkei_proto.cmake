# SPDX-License-Identifier: Apache-2.0
# renkei_proto(<target> <file.proto> ...)
#
# A static library of the messages and gRPC services of files under proto/. Their headers are
# included by path: "renkei/v1/coordinator.grpc.pb.h". Generated code is not held to our
# warnings, so its include folder counts as a system one.
function(renkei_proto target)
  set(from ${PROJECT_SOURCE_DIR}/proto)
  set(to ${PROJECT_BINARY_DIR}/proto)
  file(MAKE_DIRECTORY ${to})
  set(sources)
  foreach(file IN LISTS ARGN)
    string(REGEX REPLACE "\\.proto$" "" stem ${file})
    set(made ${to}/${stem}.pb.cc ${to}/${stem}.pb.h ${to}/${stem}.grpc.pb.cc
      ${to}/${stem}.grpc.pb.h)
    add_custom_command(OUTPUT ${made}
      COMMAND protobuf::protoc -I ${from} --cpp_out=${to} --grpc_out=${to}
        --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${from}/${file}
      DEPENDS ${from}/${file} protobuf::protoc gRPC::grpc_cpp_plugin
      COMMENT "protoc ${file}" VERBATIM)
    list(APPEND sources ${made})
  endforeach()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} SYSTEM PUBLIC ${to})
  target_link_libraries(${target} PUBLIC gRPC::grpc++ protobuf::libprotobuf)
endfunction()
