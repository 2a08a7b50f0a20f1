/*
 * The display of a kernel in C++17: one class, made before main() runs, one template a command.
 */
#include "gpu.hpp"

namespace virtio
{

Error Transport::begin(uint32_t device_id, uint64_t wanted)
{
    if (read(Reg::Magic) != 0x74726976 || read(Reg::Version) != 2 ||
        read(Reg::DeviceId) != device_id)
        return Error::NoDevice;
    write(Reg::Status, 0);
    while (read(Reg::Status) != 0) {
    }
    add_status(Acknowledge);
    add_status(Driver);
    for (uint32_t half = 0; half < 2; half++) {
        write(Reg::DeviceFeaturesSel, half);
        uint32_t offered = read(Reg::DeviceFeatures);
        write(Reg::DriverFeaturesSel, half);
        write(Reg::DriverFeatures, offered & static_cast<uint32_t>(wanted >> (32 * half)));
    }
    add_status(FeaturesOk);
    return (read(Reg::Status) & FeaturesOk) != 0 ? Error::None : Error::BadDevice;
}

} // namespace virtio

namespace
{

constexpr uint32_t hash(const char *text)
{
    uint32_t value = 2166136261u;
    while (*text != '\0')
        value = (value ^ static_cast<uint32_t>(*text++)) * 16777619u;
    return value;
}

/* Counts its objects, so that the test sees whether constructors ran. */
struct Registry {
    Registry() { constructed = hash("gpu"); }
    uint32_t constructed = 0;
};

Registry registry;

} // namespace

Gpu::Gpu(uintptr_t base) : transport_(base)
{
}

virtio::Error Gpu::start()
{
    if (registry.constructed != hash("gpu"))
        return virtio::Error::Refused;
    auto error = transport_.begin(16, uint64_t{1} << 32);
    if (error == virtio::Error::None)
        error = control_.attach(transport_, 0);
    if (error != virtio::Error::None)
        return error;
    if (!request_)
        request_ = virtio::make_dma<Request>();
    if (!response_)
        response_ = virtio::make_dma<Response>();
    if (!request_ || !response_)
        return virtio::Error::NoMemory;
    transport_.add_status(virtio::DriverOk);
    return virtio::Error::None;
}

template <typename Body> virtio::Error Gpu::command(uint32_t type, const Body &body)
{
    static_assert(sizeof(Body) <= sizeof(Request::body), "a body that fits");
    *request_ = Request{};
    request_->header.type = type;
    new (request_->body) Body(body);
    response_->header.type = 0;
    auto error = control_.execute(request_, response_,
                                  static_cast<uint32_t>(sizeof(Header) + sizeof(Body)));
    if (error == virtio::Error::None && response_->header.type >> 8 != 0x11)
        error = virtio::Error::Refused;
    return error;
}

virtio::Error Gpu::size(uint32_t &width, uint32_t &height)
{
    *request_ = Request{};
    request_->header.type = 0x100;
    response_->header.type = 0;
    auto error = control_.execute(request_, response_, sizeof(Header));
    if (error == virtio::Error::None &&
        (response_->header.type != 0x1101 || !response_->display[0].enabled))
        error = virtio::Error::Refused;
    width = response_->display[0].rect.width;
    height = response_->display[0].rect.height;
    return error;
}

virtio::Error Gpu::mode(uint32_t width, uint32_t height)
{
    struct Create {
        uint32_t id, format, width, height;
    };
    struct Attach {
        uint32_t id, count;
        uint64_t addr;
        uint32_t bytes, padding;
    };
    struct Scanout {
        Rect rect;
        uint32_t scanout, id;
    };
    width_ = width;
    pixels_.cpu = static_cast<uint32_t *>(
        virtio::allocate(size_t{4} * width * height, 4096, pixels_.addr));
    if (!pixels_)
        return virtio::Error::NoMemory;
    auto error = command(0x101, Create{1, 2, width, height});
    if (error == virtio::Error::None)
        error = command(0x106, Attach{1, 1, pixels_.addr, 4 * width * height, 0});
    if (error == virtio::Error::None)
        error = command(0x103, Scanout{{0, 0, width, height}, 0, 1});
    return error;
}

virtio::Error Gpu::flush(const Rect &rect)
{
    struct Transfer {
        Rect rect;
        uint64_t offset;
        uint32_t id, padding;
    };
    struct Flush {
        Rect rect;
        uint32_t id, padding;
    };
    auto offset = uint64_t{4} * (uint64_t{rect.y} * width_ + rect.x);
    auto error = command(0x105, Transfer{rect, offset, 1, 0});
    return error == virtio::Error::None ? command(0x104, Flush{rect, 1, 0}) : error;
}

void Gpu::stop()
{
    transport_.write(virtio::Reg::Status, 0);
}
