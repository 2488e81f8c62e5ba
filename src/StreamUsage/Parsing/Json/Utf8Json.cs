using System.Buffers.Text;
using System.Text.Json;
using StreamUsage.Accounting;

namespace StreamUsage.Parsing.Json;

/// <summary>Reads JSON for the parsers: without strings where spans suffice, and tolerant of unexpected
/// values.</summary>
internal static class Utf8Json
{
    // The most characters kept of a name (id, model, stop reason) and of an error message: far above any provider's.
    public const int MaxMessageLength = 4096;
    private const int MaxNameLength = 1024;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 1024 };

    public static Utf8JsonReader Read(ReadOnlySpan<byte> data) => new(data, Options);

    /// <summary>Returns a reader at <paramref name="value"/>.</summary>
    public static Utf8JsonReader ReadValue(ReadOnlySpan<byte> value)
    {
        Utf8JsonReader reader = Read(value);
        reader.Read();
        return reader;
    }

    public static string? GetName(ReadOnlySpan<byte> value, string? known = null)
    {
        Utf8JsonReader reader = ReadValue(value);
        return reader.GetName(known);
    }

    public static string? GetId(ReadOnlySpan<byte> value, string? known = null)
    {
        Utf8JsonReader reader = ReadValue(value);
        return reader.GetId(known);
    }

    public static int GetIndex(ReadOnlySpan<byte> value)
    {
        Utf8JsonReader reader = ReadValue(value);
        return reader.GetIndex();
    }

    public static void ReportOutput(ReadOnlySpan<byte> value, OutputKind kind, int choiceIndex, IOutputObserver output)
    {
        Utf8JsonReader reader = ReadValue(value);
        reader.ReportOutput(kind, choiceIndex, output);
    }

    /// <summary>Returns whether a value, without white space around it, is a string.</summary>
    public static bool IsString(ReadOnlySpan<byte> value) => !value.IsEmpty && value[0] == (byte)'"';

    /// <summary>Returns whether a value, without white space around it, is an object.</summary>
    public static bool IsObjectValue(ReadOnlySpan<byte> value) => !value.IsEmpty && value[0] == (byte)'{';

    /// <summary>Returns whether data begins with an object, after any white space.</summary>
    public static bool IsObject(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> trimmed = data.TrimStart(" \t\r\n"u8);
        return !trimmed.IsEmpty && trimmed[0] == (byte)'{';
    }

    /// <summary>Moves to the value of the next property of the object that the reader is at or in; false at its end.
    /// The name is raw.</summary>
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

    /// <summary>Moves to the next element of the array that the reader is at or in; false at its end.</summary>
    public static bool NextElement(ref this Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Returns whether the reader is at an object, without moving it. Skips any other value.</summary>
    public static bool EnterObject(ref this Utf8JsonReader reader) => Enter(ref reader, JsonTokenType.StartObject);

    /// <summary>Returns whether the reader is at an array, without moving it. Skips any other value.</summary>
    public static bool EnterArray(ref this Utf8JsonReader reader) => Enter(ref reader, JsonTokenType.StartArray);

    /// <summary>Returns a non-empty string, cut at the maximum length; null for anything else. Returns
    /// <paramref name="known"/> if equal, so that repeated ids and models are not allocated again.</summary>
    public static string? GetName(ref this Utf8JsonReader reader, string? known = null, int maxLength = MaxNameLength) =>
        reader.GetString(known, maxLength, isShared: true);

    /// <summary>Returns a string like GetName, but without sharing it between responses.</summary>
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

    /// <summary>Returns a non-empty error message, cut if very long; null for anything else.</summary>
    public static string? GetMessage(ref this Utf8JsonReader reader) => reader.GetString(null, MaxMessageLength, isShared: false);

    /// <summary>Returns the index of a choice, or another small number; 0 for anything else.</summary>
    public static int GetIndex(ref this Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int index))
        {
            return index;
        }

        reader.Skip();
        return 0;
    }

    /// <summary>Returns the <c>index</c> of the choice that the reader is at; 0 if there is none. Some servers send it
    /// after the delta.</summary>
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

    /// <summary>Returns a token count (<see cref="CountText"/>); null for null, and for an invalid one, which is
    /// reported.</summary>
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

    /// <summary>Returns an amount, of money or of units, that is not negative; null for anything else.</summary>
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

    /// <summary>Reports a string as output; skips any other value.</summary>
    public static void ReportOutput(ref this Utf8JsonReader reader, OutputKind kind, int choiceIndex, IOutputObserver output)
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

    /// <summary>Reports a string as a field; skips any other value.</summary>
    public static void ReportField(ref this Utf8JsonReader reader, BlockField field, int choiceIndex, IOutputObserver output)
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

    /// <summary>Returns the text of a string value. A lone surrogate is replaced.</summary>
    public static string GetText(ref this Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return JsonStringText.ToString(reader.ValueSpan);
        }
    }

    /// <summary>Returns the bytes of the value that the reader is at, and skips it.</summary>
    public static ReadOnlySpan<byte> GetRaw(ref this Utf8JsonReader reader, ReadOnlySpan<byte> data)
    {
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return data[start..(int)reader.BytesConsumed];
    }

    /// <summary>Returns the state with a service tier. Ignores <c>auto</c>, which is a request's value, and empty
    /// ones.</summary>
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
