using System.Buffers.Text;
using System.Text.Json;
using StreamUsage.Accounting;

namespace StreamUsage.Parsing.Json;

/// <summary>The few ways in which parsers read JSON: without a string where a span will do, and without trust in what
/// stands there.</summary>
internal static class Utf8Json
{
    // What is kept of a name (an id, a model, a stop reason), and of an error's message: no provider's is as long, and
    // a hostile one is not what a record is for.
    public const int MaxMessageLength = 4096;
    private const int MaxNameLength = 1024;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 1024 };

    public static Utf8JsonReader Read(ReadOnlySpan<byte> data) => new(data, Options);

    /// <summary>A reader that stands on the value that <paramref name="value"/> is.</summary>
    public static Utf8JsonReader ReadValue(ReadOnlySpan<byte> value)
    {
        Utf8JsonReader reader = Read(value);
        reader.Read();
        return reader;
    }

    /// <summary>As <see cref="GetName(ref Utf8JsonReader, string?, int)"/>, of a value on its own.</summary>
    public static string? GetName(ReadOnlySpan<byte> value, string? known = null)
    {
        Utf8JsonReader reader = ReadValue(value);
        return reader.GetName(known);
    }

    /// <summary>As <see cref="GetId(ref Utf8JsonReader, string?)"/>, of a value on its own.</summary>
    public static string? GetId(ReadOnlySpan<byte> value, string? known = null)
    {
        Utf8JsonReader reader = ReadValue(value);
        return reader.GetId(known);
    }

    /// <summary>As <see cref="GetIndex(ref Utf8JsonReader)"/>, of a value on its own.</summary>
    public static int GetIndex(ReadOnlySpan<byte> value)
    {
        Utf8JsonReader reader = ReadValue(value);
        return reader.GetIndex();
    }

    /// <summary>As <see cref="Observe(ref Utf8JsonReader, OutputKind, int, IOutputObserver)"/>, of a value on its
    /// own.</summary>
    public static void Observe(ReadOnlySpan<byte> value, OutputKind kind, int choiceIndex, IOutputObserver output)
    {
        Utf8JsonReader reader = ReadValue(value);
        reader.Observe(kind, choiceIndex, output);
    }

    /// <summary>Whether a value, as <see cref="JsonMembers"/> gives it, is a string.</summary>
    public static bool IsString(ReadOnlySpan<byte> value) => !value.IsEmpty && value[0] == (byte)'"';

    /// <summary>Whether a value, as <see cref="JsonMembers"/> gives it, is an object.</summary>
    public static bool IsObjectValue(ReadOnlySpan<byte> value) => !value.IsEmpty && value[0] == (byte)'{';

    /// <summary>Whether the data's first character begins an object.</summary>
    public static bool IsObject(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> trimmed = data.TrimStart(" \t\r\n"u8);
        return !trimmed.IsEmpty && trimmed[0] == (byte)'{';
    }

    /// <summary>Moves to the next property of the object that the reader is in, onto its value; false at the object's
    /// end. <paramref name="name"/> is the name as sent.</summary>
    public static bool NextProperty(ref this Utf8JsonReader reader, out ReadOnlySpan<byte> name)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.PropertyName)
        {
            name = default;
            return false;
        }

        name = reader.ValueSpan;
        reader.Read();
        return true;
    }

    /// <summary>Moves onto the next element of the array that the reader is in; false at its end.</summary>
    public static bool NextElement(ref this Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Whether the value is an object, which is then entered; any other value is skipped.</summary>
    public static bool EnterObject(ref this Utf8JsonReader reader) => Enter(ref reader, JsonTokenType.StartObject);

    /// <summary>Whether the value is an array, which is then entered; any other value is skipped.</summary>
    public static bool EnterArray(ref this Utf8JsonReader reader) => Enter(ref reader, JsonTokenType.StartArray);

    /// <summary>A string that is not empty, cut at so many characters; null for anything else. <paramref name="known"/>
    /// is returned where it says the same, so that ids and models that every event repeats cost nothing.</summary>
    public static string? GetName(ref this Utf8JsonReader reader, string? known = null, int maxLength = MaxNameLength) =>
        reader.GetString(known, maxLength, isShared: true);

    /// <summary>The same of what no other response says.</summary>
    public static string? GetId(ref this Utf8JsonReader reader, string? known = null) =>
        reader.GetString(known, MaxNameLength, isShared: false);

    private static string? GetString(ref this Utf8JsonReader reader, string? known, int maxLength, bool isShared)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return null;
        }

        if (reader.ValueSpan.IsEmpty)
        {
            return null;
        }

        if (reader.ValueSpan.Length > maxLength)
        {
            return JsonStringText.ToString(reader.ValueSpan, maxLength, known);
        }

        if (known is not null && reader.ValueTextEquals(known))
        {
            return known;
        }

        return (isShared && !reader.ValueIsEscaped ? SharedNames.Find(reader.ValueSpan) : null) ?? GetText(ref reader);
    }

    /// <summary>An error's message that is not empty, cut where it is very long; null for anything else.</summary>
    public static string? GetMessage(ref this Utf8JsonReader reader) => reader.GetString(null, MaxMessageLength, isShared: false);

    /// <summary>The index of a choice, or another small number; 0 for anything else.</summary>
    public static int GetIndex(ref this Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int index))
        {
            return index;
        }

        reader.Skip();
        return 0;
    }

    /// <summary>The <c>index</c> of the choice that the reader is in, wherever in it that stands: some servers say it
    /// after the delta. 0 where it is not said.</summary>
    public static int FindIndex(Utf8JsonReader reader)
    {
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("index"u8))
            {
                return reader.GetIndex();
            }

            reader.Skip();
        }

        return 0;
    }

    /// <summary>A token count (<see cref="CountText"/>): null for null; null and a word to the observer for what is no
    /// count.</summary>
    public static long? GetCount(ref this Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, IOutputObserver output)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        long count = 0;
        bool isRead = reader.TokenType switch
        {
            JsonTokenType.Number => CountText.TryReadNumber(reader.ValueSpan, out count),
            JsonTokenType.String => CountText.TryReadDigits(reader.ValueSpan, out count),
            _ => false,
        };
        if (isRead)
        {
            return count;
        }

        output.OnIgnoredCount(name);
        reader.Skip();
        return null;
    }

    /// <summary>An amount of money that is not negative; null for anything else.</summary>
    public static decimal? GetAmount(ref this Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.Number or JsonTokenType.String
            && Utf8Parser.TryParse(reader.ValueSpan, out decimal amount, out int length)
            && length == reader.ValueSpan.Length && amount >= 0)
        {
            return amount;
        }

        reader.Skip();
        return null;
    }

    /// <summary>Tells the observer of a string that is output; any other value is skipped.</summary>
    public static void Observe(ref this Utf8JsonReader reader, OutputKind kind, int choiceIndex, IOutputObserver output)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            if (!reader.ValueSpan.IsEmpty)
            {
                output.OnOutput(kind, choiceIndex, reader.ValueSpan, reader.ValueIsEscaped);
            }
        }
        else
        {
            reader.Skip();
        }
    }

    /// <summary>Tells the observer of a field that is a string; any other value is skipped.</summary>
    public static void Tell(ref this Utf8JsonReader reader, BlockField field, int choiceIndex, IOutputObserver output)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            output.OnField(field, choiceIndex, reader.ValueSpan, reader.ValueIsEscaped);
        }
        else
        {
            reader.Skip();
        }
    }

    /// <summary>The text of a string value. A lone surrogate, which JSON lets pass, is replaced.</summary>
    public static string GetText(ref this Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
        }
    }

    /// <summary>The bytes of the value that the reader stands on, which is skipped.</summary>
    public static ReadOnlySpan<byte> GetRaw(ref this Utf8JsonReader reader, ReadOnlySpan<byte> data)
    {
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return data[start..(int)reader.BytesConsumed];
    }

    /// <summary>The state with a service tier that was said; <c>auto</c>, which only a request says, and an empty one
    /// say nothing.</summary>
    public static UsageAccumulator WithServiceTier(in UsageAccumulator state, string? tier) =>
        tier is null or "auto" || ReferenceEquals(tier, state.ServiceTier) ? state : state with { ServiceTier = tier };

    private static bool Enter(ref Utf8JsonReader reader, JsonTokenType start)
    {
        if (reader.TokenType == start)
        {
            return true;
        }

        reader.Skip();
        return false;
    }
}
