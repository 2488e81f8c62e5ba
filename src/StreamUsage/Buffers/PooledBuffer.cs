using System.Buffers;

namespace StreamUsage.Buffers;

/// <summary>Represents bytes in a pooled array. A mutable struct: never copy it.</summary>
internal struct PooledBuffer
{
    private const int InitialSize = 128;

    private byte[]? _array;

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Span => _array.AsSpan(0, Length);

    public readonly ReadOnlyMemory<byte> Memory => _array.AsMemory(0, Length);

    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > (_array?.Length ?? 0) - Length)
        {
            Grow(bytes.Length);
        }

        bytes.CopyTo(_array.AsSpan(Length));
        Length += bytes.Length;
    }

    public void Reserve(int length)
    {
        if (length > (_array?.Length ?? 0))
        {
            Grow(length - Length);
        }
    }

    public void Append(byte value) => Append([value]);

    public void Clear() => Length = 0;

    public void RemoveFirst(int length)
    {
        Span.Slice(length).CopyTo(_array);
        Length -= length;
    }

    public void Truncate(int length) => Length = length;

    public void Release()
    {
        Length = 0;
        if (_array is { } array)
        {
            _array = null;
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    private void Grow(int more)
    {
        long size = Math.Min(Array.MaxLength, Math.Max((long)Length + more, 2L * Length));
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(InitialSize, (int)size));
        if (_array is { } array)
        {
            array.AsSpan(0, Length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(array);
        }

        _array = larger;
    }
}
