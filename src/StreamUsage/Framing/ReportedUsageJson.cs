using System.Text.Json;
using StreamUsage.Buffers;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing;

/// <summary>Represents the provider's usage object. Cumulative objects are merged like their counts: a property that is
/// not null replaces the older one. Over the size limit the older object stays; over the memory budget none is
/// kept.</summary>
/// <remarks>Nested objects are merged too: to a depth of 8, up to 64 properties each, and within the work limit. Beyond
/// these, the newer object replaces the older one whole.</remarks>
internal sealed class ReportedUsageJson(BufferBudget? budget = null)
{
    private const int MaxBytes = 64 * 1024;
    private const int MaxProperties = 64;

    // Merging calls itself for a nested object. Providers nest two or three levels.
    private const int MaxDepth = 8;

    // Merging is quadratic in the properties, so the bytes that it searches are limited: in one merge, and by an
    // allowance that each byte received refills. A usage object in each chunk reads about 10 for each of its bytes.
    // Without allowance the older object stays.
    private const long MaxWork = 512 * 1024;
    private const long MaxAllowance = 256 * 1024;
    private const int AllowancePerByte = 32;

    private BudgetedBuffer _json = new(budget);
    private long _allowance = MaxAllowance;
    private long _workLeft; // Of the current merge.

    private ReadOnlySpan<byte> Json => _json.Span;

    /// <summary>Adds an object; ignores empty data.</summary>
    public void Add(ReadOnlySpan<byte> json, bool isCumulative)
    {
        if (json.IsEmpty || json.Length > MaxBytes)
        {
            return;
        }

        _allowance = Math.Min(MaxAllowance, _allowance + (AllowancePerByte * (long)json.Length));
        if (isCumulative && _json.Length != 0)
        {
            try
            {
                Merge(json);
            }
            catch (JsonException)
            {
                Set(json); // A custom parser's object may be invalid: the counts matter more than its text.
            }
        }
        else
        {
            Set(json);
        }
    }

    /// <summary>Gets the object; empty if none was kept.</summary>
    public CompactText Text => Json.IsEmpty ? default : new(Json.ToArray());

    public void Release() => _json.Release();

    private void Set(ReadOnlySpan<byte> json)
    {
        _json.Clear();
        _json.TryAppend(json);
    }

    private void Merge(ReadOnlySpan<byte> newer)
    {
        if (_allowance < 0)
        {
            return;
        }

        int olderCount = CountProperties(Json), newerCount = CountProperties(newer);
        if (olderCount is < 0 or > MaxProperties || newerCount is < 0 or > MaxProperties)
        {
            Set(newer);
            return;
        }

        long work = Work(Json, olderCount, newer, newerCount);
        if (work > MaxWork)
        {
            return;
        }

        _workLeft = MaxWork - work;
        if (CoversAll(Json, newer, depth: 1))
        {
            Set(newer); // The frequent case: the same properties with newer values.
            return;
        }

        _workLeft = MaxWork - work;
        var merged = new PooledBuffer();
        Merge(Json, newer, depth: 1, ref merged);
        if (merged.Length <= MaxBytes)
        {
            Set(merged.Span);
        }

        merged.Release();
    }

    // Returns whether the newer object has every property of the older one, not null, also in nested objects.
    private bool CoversAll(ReadOnlySpan<byte> older, ReadOnlySpan<byte> newer, int depth)
    {
        Utf8JsonReader reader = Utf8Json.Read(older);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryFind(newer, reader.ValueSpan, out ReadOnlySpan<byte> value) || value.SequenceEqual("null"u8))
            {
                return false;
            }

            reader.Read();
            ReadOnlySpan<byte> olderValue = Value(ref reader, older);
            if (CanMerge(olderValue, value, depth + 1) && !CoversAll(olderValue, value, depth + 1))
            {
                return false;
            }
        }

        return true;
    }

    private void Merge(ReadOnlySpan<byte> older, ReadOnlySpan<byte> newer, int depth, ref PooledBuffer merged)
    {
        merged.Append((byte)'{');
        int start = merged.Length;
        Utf8JsonReader reader = Utf8Json.Read(older);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = reader.ValueSpan;
            reader.Read();
            ReadOnlySpan<byte> olderValue = Value(ref reader, older);
            AppendName(name, start, ref merged);
            if (!TryFind(newer, name, out ReadOnlySpan<byte> value) || value.SequenceEqual("null"u8))
            {
                merged.Append(olderValue);
            }
            else if (CanMerge(olderValue, value, depth + 1))
            {
                Merge(olderValue, value, depth + 1, ref merged);
            }
            else
            {
                merged.Append(value);
            }
        }

        reader = Utf8Json.Read(newer);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = reader.ValueSpan;
            reader.Read();
            ReadOnlySpan<byte> value = Value(ref reader, newer);
            if (!TryFind(older, name, out _))
            {
                AppendName(name, start, ref merged);
                merged.Append(value);
            }
        }

        merged.Append((byte)'}');
    }

    // The name is raw, with its escapes.
    private static void AppendName(ReadOnlySpan<byte> name, int start, ref PooledBuffer merged)
    {
        if (merged.Length != start)
        {
            merged.Append((byte)',');
        }

        merged.Append((byte)'"');
        merged.Append(name);
        merged.Append("\":"u8);
    }

    private bool TryFind(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        _allowance -= json.Length;
        Utf8JsonReader reader = Utf8Json.Read(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isFound = reader.ValueSpan.SequenceEqual(name);
            reader.Read();
            value = Value(ref reader, json);
            if (isFound)
            {
                return true;
            }
        }

        value = default;
        return false;
    }

    private static ReadOnlySpan<byte> Value(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return json[start..(int)reader.BytesConsumed];
    }

    // Returns whether two values are objects that the limits allow to merge. If so, takes the work from what is left.
    private bool CanMerge(ReadOnlySpan<byte> older, ReadOnlySpan<byte> newer, int depth)
    {
        if (depth > MaxDepth || CountProperties(older) is not (>= 0 and <= MaxProperties and var olderCount)
            || CountProperties(newer) is not (>= 0 and <= MaxProperties and var newerCount))
        {
            return false;
        }

        long work = Work(older, olderCount, newer, newerCount);
        if (work > _workLeft)
        {
            return false;
        }

        _workLeft -= work;
        return true;
    }

    // The bytes that the merge of two objects searches at most, without the objects in them.
    private static long Work(ReadOnlySpan<byte> older, int olderCount, ReadOnlySpan<byte> newer, int newerCount) =>
        ((long)older.Length * newerCount) + ((long)newer.Length * olderCount);

    // Returns a negative count if the value is no object.
    private int CountProperties(ReadOnlySpan<byte> value)
    {
        if (value[0] != (byte)'{')
        {
            return -1;
        }

        _allowance -= value.Length;
        int count = 0;
        Utf8JsonReader reader = Utf8Json.Read(value);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            reader.Skip();
            count++;
        }

        return count;
    }
}
