using System.Numerics;

namespace StreamUsage.Buffers;

/// <summary>Represents bytes that are kept within a budget, beyond a free part. A mutable struct: never copy
/// it.</summary>
internal struct BudgetedBuffer(BufferBudget? budget)
{
    private PooledBuffer _bytes;
    private int _taken;

    public readonly int Length => _bytes.Length;

    public readonly ReadOnlySpan<byte> Span => _bytes.Span;

    public readonly ReadOnlyMemory<byte> Memory => _bytes.Memory;

    /// <summary>Appends bytes. Returns false, and appends none, if the budget has no room.</summary>
    public bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        int length = _bytes.Length + bytes.Length;
        if (length > Math.Max(BufferBudget.FreeBytes, _taken) && !TryTake(length))
        {
            return false;
        }

        _bytes.Append(bytes);
        return true;
    }

    /// <summary>Appends bytes even if there is no room; the budget counts them.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        int length = _bytes.Length + bytes.Length;
        if (length > Math.Max(BufferBudget.FreeBytes, _taken))
        {
            int size = Size(length);
            budget?.Take(size - _taken);
            _taken = size;
        }

        _bytes.Append(bytes);
    }

    /// <summary>Removes the first bytes, without returning their share of the budget.</summary>
    public void RemoveFirst(int length) => _bytes.RemoveFirst(length);

    /// <summary>Removes all bytes, and returns their share of the budget.</summary>
    public void Clear()
    {
        if (_taken != 0)
        {
            Release();
        }
        else
        {
            _bytes.Clear();
        }
    }

    public void Release()
    {
        _bytes.Release();
        budget?.Return(_taken);
        _taken = 0;
    }

    // Arrays are rented in powers of two.
    private static int Size(int length) => (int)BitOperations.RoundUpToPowerOf2((uint)length);

    private bool TryTake(int length)
    {
        int size = Size(length);
        if (budget is not null && !budget.TryTake(size - _taken))
        {
            return false;
        }

        _taken = size;
        return true;
    }
}
