/*
 * The display of a kernel in C++17.
 */
#pragma once

#include "virtio.hpp"

struct Rect {
    uint32_t x, y, width, height;
};

class Gpu
{
  public:
    explicit Gpu(uintptr_t base);
    virtio::Error start();
    virtio::Error size(uint32_t &width, uint32_t &height);
    virtio::Error mode(uint32_t width, uint32_t height);
    virtio::Error flush(const Rect &rect);
    void stop();
    uint32_t *pixels() const { return pixels_.cpu; }

  private:
    struct Header {
        uint32_t type, flags;
        uint64_t fence;
        uint32_t context, padding;
    };
    struct Request {
        Header header;
        alignas(8) unsigned char body[40];
    };
    struct Response {
        Header header;
        struct {
            Rect rect;
            uint32_t enabled, flags;
        } display[16];
    };

    template <typename Body> virtio::Error command(uint32_t type, const Body &body);

    virtio::Mmio transport_;
    virtio::Queue<8> control_;
    virtio::Dma<Request> request_;
    virtio::Dma<Response> response_;
    virtio::Dma<uint32_t> pixels_;
    uint32_t width_ = 0;
};
