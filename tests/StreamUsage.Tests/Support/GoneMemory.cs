using System.Buffers;

namespace StreamUsage.Tests.Support;

/// <summary>Memory that its owner has released: reading it throws.</summary>
internal sealed class GoneMemory : MemoryManager<byte>
{
    public override Memory<byte> Memory => CreateMemory(10);

    public override Span<byte> GetSpan() => throw new ObjectDisposedException("memory");

    public override MemoryHandle Pin(int elementIndex = 0) => throw new ObjectDisposedException("memory");

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
