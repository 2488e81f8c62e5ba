using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Reads the body of an answer that only has input to bill, such as embeddings or a ranking: id, model, usage
/// and error.</summary>
internal static class InputAnswer
{
    /// <summary>Reads the member whose value the reader is at, if it holds the usage. Returns false, without reading,
    /// if it does not.</summary>
    public delegate bool UsageReader(
        ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, ref UsageAccumulator state,
        IOutputObserver output);

    /// <summary>Reads the body, which is an object.</summary>
    public static UsageAccumulator Read(ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, UsageReader tryReadUsage)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        reader.EnterObject();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("id"u8))
            {
                state = reader.GetId() is { } id ? state with { ResponseId = id } : state;
            }
            else if (name.SequenceEqual("model"u8))
            {
                state = reader.GetName() is { } model ? state with { Model = model } : state;
            }
            else if (name.SequenceEqual("error"u8))
            {
                state = ErrorObject.ReadInto(ref reader, state);
            }
            else if (!tryReadUsage(ref reader, name, data, ref state, output))
            {
                reader.Skip();
            }
        }

        return state;
    }
}
