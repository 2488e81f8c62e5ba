using System.Numerics;

namespace StreamUsage.Sse;

/// <summary>
/// The data of an event that comes in several pieces: kept up to a limit and within a budget, else given to the reader of large events. A mutable struct: keep it in a field, never copy it.
/// </summary>
internal struct EventBuffer(long maxBytes, ILargeEventReader? largeEvents)
{
    private readonly int _maxBytes = (int)Math.Min(maxBytes, Array.MaxLength / 2);
    private PooledBuffer _kept;
    private int _taken;

    /// <summary>The largest event that is kept.</summary>
    public readonly int MaxBytes => _maxBytes;

    /// <summary>Whether the event outgrew the limit or the budget: the reader of large events has it all.</summary>
    public bool IsLarge { get; private set; }

    public readonly int Length => _kept.Length;

    public readonly ReadOnlySpan<byte> Span => _kept.Span;

    public readonly ReadOnlyMemory<byte> Memory => _kept.Memory;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (!IsLarge)
        {
            long length = (long)_kept.Length + bytes.Length;
            if (length <= _maxBytes && (length <= Math.Max(BufferBudget.FreeBytes, _taken) || TryTake((int)length)))
            {
                _kept.Append(bytes);
                return;
            }

            IsLarge = true;
            largeEvents?.Begin();
            largeEvents?.Append(_kept.Span);
            Release();
        }

        largeEvents?.Append(bytes);
    }

    /// <summary>The next event begins. What was taken of the budget goes back.</summary>
    public void Clear()
    {
        IsLarge = false;
        if (_taken != 0)
        {
            Release();
        }
        else
        {
            _kept.Clear();
        }
    }

    public void Release()
    {
        _kept.Release();
        largeEvents?.Budget?.Return(_taken);
        _taken = 0;
    }

    // Arrays are rented in powers of two.
    private bool TryTake(int length)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)length);
        if (largeEvents?.Budget?.TryTake(size - _taken) == false)
        {
            return false;
        }

        _taken = size;
        return true;
    }
}
