using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Opens the envelopes of gateways: objects that hold the provider's answer in one member. The known members
/// are those that gateways were seen to use.</summary>
internal static class Envelope
{
    /// <summary>Returns the last object among the known members; empty if there is none.</summary>
    public static ReadOnlySpan<byte> Open(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> content = default;
        if (!Utf8Json.IsObject(data))
        {
            return content;
        }

        try
        {
            var members = new JsonMembers(data);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (IsContent(name) && Utf8Json.IsObjectValue(value))
                {
                    content = value;
                }
            }
        }
        catch (JsonException)
        {
            return default; // The data itself is read next, and shows that it is malformed.
        }

        return content;
    }

    private static bool IsContent(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("data"u8) || name.SequenceEqual("result"u8) || name.SequenceEqual("final_result"u8)
            || name.SequenceEqual("orchestration_result"u8);
}
