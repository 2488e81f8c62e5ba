using System.Text.Json;
using StreamUsage.Parsing;

namespace StreamUsage.Estimation;

/// <summary>What must be known of a request before it is read: the model it names, and which wire it is, told by its members.</summary>
internal readonly record struct RequestHead(string? Model, string? Wire)
{
    /// <summary>Looks at the names of the top-level members; passes over their values. Malformed JSON tells what came before it broke.</summary>
    public static RequestHead Read(ReadOnlySpan<byte> json)
    {
        string? model = null, wire = null;
        try
        {
            var members = new JsonMembers(json);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual("model"u8))
                {
                    model = Json.GetName(value);
                }
                else if (name.SequenceEqual("input"u8) || name.SequenceEqual("instructions"u8))
                {
                    wire = "openai-responses";
                }
                else if (name.SequenceEqual("contents"u8))
                {
                    wire = "gemini";
                }
                else if (name.SequenceEqual("messages"u8))
                {
                    wire = "openai-chat";
                }
            }
        }
        catch (JsonException)
        {
            // What follows cannot be read; the reader of the request says so.
        }

        return new RequestHead(model, wire);
    }
}
