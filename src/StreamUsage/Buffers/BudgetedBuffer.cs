using System.Numerics;

namespace StreamUsage.Buffers;

/// <summary>Represents bytes that count toward a budget once they exceed <see cref="BufferBudget.FreeBytes"/>. A
/// mutable struct: never copy it.</summary>
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
        if (IsTaken(bytes.Length, out int more))
        {
            _bytes.Append(bytes);
            return true;
        }

        if (budget is not null && !budget.TryTake(more))
        {
            return false;
        }

        _taken += more;
        _bytes.Append(bytes);
        return true;
    }

    /// <summary>Appends bytes even if there is no room; the budget counts them.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (!IsTaken(bytes.Length, out int more))
        {
            budget?.Take(more);
            _taken += more;
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

    // Returns whether further bytes fit into the free part or into what was taken; if not, how many bytes to take.
    // Arrays are rented in powers of two, capped at the longest array.
    private readonly bool IsTaken(int length, out int more)
    {
        int next = _bytes.Length + length;
        if (next <= Math.Max(BufferBudget.FreeBytes, _taken))
        {
            more = 0;
            return true;
        }

        more = (int)Math.Min((uint)Array.MaxLength, BitOperations.RoundUpToPowerOf2((uint)next)) - _taken;
        return false;
    }
}
