/*
 * virtio for a kernel in C++17: a transport and a queue as classes, registers and features as
 * enumerations.
 */
#pragma once

#include <new>

#include <stddef.h>
#include <stdint.h>

namespace virtio
{

enum class Reg : uint32_t {
    Magic = 0x00,
    Version = 0x04,
    DeviceId = 0x08,
    DeviceFeatures = 0x10,
    DeviceFeaturesSel = 0x14,
    DriverFeatures = 0x20,
    DriverFeaturesSel = 0x24,
    QueueSel = 0x30,
    QueueSizeMax = 0x34,
    QueueSize = 0x38,
    QueueReady = 0x44,
    QueueNotify = 0x50,
    InterruptStatus = 0x60,
    InterruptAck = 0x64,
    Status = 0x70,
    QueueDesc = 0x80,
    QueueDriver = 0x90,
    QueueDevice = 0xa0,
};

enum Status : uint32_t { Acknowledge = 1, Driver = 2, DriverOk = 4, FeaturesOk = 8 };

enum class Error { None, NoDevice, BadDevice, NoMemory, Timeout, Refused };

/* Memory that the device reaches. */
template <typename T> struct Dma {
    T *cpu = nullptr;
    uint64_t addr = 0;

    constexpr explicit operator bool() const { return cpu != nullptr; }
    T *operator->() const { return cpu; }
    T &operator*() const { return *cpu; }
};

void *allocate(size_t bytes, size_t align, uint64_t &addr);

/* Constructed in place, in memory that the device reaches. */
template <typename T, typename... Args> Dma<T> make_dma(Args... args)
{
    Dma<T> dma;
    void *memory = allocate(sizeof(T), alignof(T), dma.addr);

    if (memory != nullptr)
        dma.cpu = new (memory) T{args...};
    return dma;
}

class Transport
{
  public:
    virtual uint32_t read(Reg reg) const = 0;
    virtual void write(Reg reg, uint32_t value) = 0;
    virtual ~Transport() = default;

    void write64(Reg reg, uint64_t value)
    {
        write(reg, static_cast<uint32_t>(value));
        write(static_cast<Reg>(static_cast<uint32_t>(reg) + 4), static_cast<uint32_t>(value >> 32));
    }
    void add_status(uint32_t bits) { write(Reg::Status, read(Reg::Status) | bits); }
    Error begin(uint32_t device_id, uint64_t wanted);
};

class Mmio final : public Transport
{
  public:
    constexpr explicit Mmio(uintptr_t base) : base_(base) {}
    uint32_t read(Reg reg) const override { return *at(reg); }
    void write(Reg reg, uint32_t value) override { *at(reg) = value; }

  private:
    volatile uint32_t *at(Reg reg) const
    {
        return reinterpret_cast<volatile uint32_t *>(base_ + static_cast<uint32_t>(reg));
    }
    uintptr_t base_;
};

struct Descriptor {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

template <unsigned Size> struct alignas(4096) Rings {
    static_assert(Size != 0 && (Size & (Size - 1)) == 0, "a power of two");
    Descriptor desc[Size];
    struct {
        uint16_t flags, idx, ring[Size], used_event;
    } avail;
    struct {
        uint16_t flags, idx;
        struct {
            uint32_t id, len;
        } ring[Size];
        uint16_t avail_event;
    } used;
};

template <unsigned Size> class Queue
{
  public:
    Error attach(Transport &transport, uint16_t index);
    template <typename Request, typename Response>
    Error execute(const Dma<Request> &request, const Dma<Response> &response, uint32_t bytes);

  private:
    static constexpr unsigned polls = 1u << 20;
    Transport *transport_ = nullptr;
    Dma<Rings<Size>> rings_;
    uint16_t index_ = 0;
    uint16_t seen_ = 0;
};

template <unsigned Size> Error Queue<Size>::attach(Transport &transport, uint16_t index)
{
    transport.write(Reg::QueueSel, index);
    if (transport.read(Reg::QueueReady) != 0 || transport.read(Reg::QueueSizeMax) < Size)
        return Error::BadDevice;
    if (!rings_)
        rings_ = make_dma<Rings<Size>>();
    else
        new (rings_.cpu) Rings<Size>{};
    if (!rings_)
        return Error::NoMemory;
    transport_ = &transport;
    index_ = index;
    seen_ = 0;
    transport.write(Reg::QueueSize, Size);
    transport.write64(Reg::QueueDesc, rings_.addr + offsetof(Rings<Size>, desc));
    transport.write64(Reg::QueueDriver, rings_.addr + offsetof(Rings<Size>, avail));
    transport.write64(Reg::QueueDevice, rings_.addr + offsetof(Rings<Size>, used));
    transport.write(Reg::QueueReady, 1);
    return Error::None;
}

template <unsigned Size>
template <typename Request, typename Response>
Error Queue<Size>::execute(const Dma<Request> &request, const Dma<Response> &response,
                           uint32_t bytes)
{
    auto &rings = *rings_;

    rings.desc[0] = {request.addr, bytes, 1, 1};
    rings.desc[1] = {response.addr, sizeof(Response), 2, 0};
    rings.avail.ring[rings.avail.idx % Size] = 0;
    __atomic_store_n(&rings.avail.idx, static_cast<uint16_t>(rings.avail.idx + 1),
                     __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    transport_->write(Reg::QueueNotify, index_);
    for (unsigned i = 0; i < polls; i++) {
        if (__atomic_load_n(&rings.used.idx, __ATOMIC_ACQUIRE) == seen_)
            continue;
        seen_++;
        return Error::None;
    }
    return Error::Timeout;
}

} // namespace virtio
