using System.Text.Json;
using StreamUsage.Estimation.Counting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Estimation.Tools;

/// <summary>Writes tool definitions as OpenAI's models receive them: a TypeScript namespace with a type for each
/// function and descriptions as comments. Unpublished; inferred from reported counts (docs/estimation.md). Definitions
/// nested deeper than <see cref="MaxDepth"/> count as JSON.</summary>
internal static class TypeScriptTools
{
    private const int MaxDepth = 8;

    public static void Begin(TextMeter meter) => meter.Add("namespace functions {\n\n"u8);

    public static void End(TextMeter meter)
    {
        meter.Add("\n} // namespace functions"u8);
        meter.End();
    }

    /// <summary>Writes one function, whatever the order of its members.</summary>
    public static void Write(scoped in ToolDefinition tool, TextMeter meter)
    {
        WriteComment(tool.Description, meter);
        meter.Add("type "u8);
        WriteString(tool.Name, meter);
        if (HasProperties(tool.Schema))
        {
            meter.Add(" = (_: {\n"u8);
            Utf8JsonReader schema = tool.Schema;
            WriteObject(ref schema, meter, 0);
            meter.Add("}) => any;\n\n"u8);
        }
        else
        {
            meter.Add(" = () => any;\n\n"u8);
        }
    }

    // Writes the schema at the reader's position: its description as a comment, then a line for each property.
    private static void WriteObject(ref Utf8JsonReader reader, TextMeter meter, int depth)
    {
        Schema schema = Schema.Read(ref reader);
        WriteComment(schema.Description, meter);
        Utf8JsonReader properties = schema.Properties;
        if (properties.TokenType != JsonTokenType.StartObject)
        {
            return;
        }

        while (properties.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (properties.TokenType != JsonTokenType.StartObject)
            {
                properties.Skip();
                continue;
            }

            Schema property = Schema.Read(ref properties);
            WriteComment(property.Description, meter);
            meter.Add(name);
            meter.Add(": "u8);
            WriteType(property, meter, depth + 1);
            meter.Add(","u8);
            if (property.Default.TokenType is not (JsonTokenType.None or JsonTokenType.Null))
            {
                meter.Add(" // default: "u8);
                Utf8JsonReader value = property.Default;
                CompactJson.Write(ref value, meter);
            }

            meter.Add("\n"u8);
        }
    }

    private static void WriteType(scoped in Schema schema, TextMeter meter, int depth)
    {
        Utf8JsonReader alternatives = schema.Alternatives, values = schema.Values, items = schema.Items;
        Utf8JsonReader properties = schema.Properties, types = schema.Type;
        if (depth > MaxDepth)
        {
            Utf8JsonReader whole = schema.Whole;
            CompactJson.Write(ref whole, meter);
        }
        else if (alternatives.TokenType == JsonTokenType.StartArray)
        {
            WriteAlternatives(ref alternatives, meter, depth);
        }
        else if (values.TokenType != JsonTokenType.None)
        {
            WriteValues(ref values, meter);
        }
        else if (items.TokenType == JsonTokenType.StartObject)
        {
            WriteType(Schema.Read(ref items), meter, depth + 1);
            meter.Add("[]"u8);
        }
        else if (properties.TokenType == JsonTokenType.StartObject)
        {
            meter.Add("{\n"u8);
            Utf8JsonReader whole = schema.Whole;
            WriteObject(ref whole, meter, depth);
            meter.Add("}"u8);
        }
        else if (types.TokenType is JsonTokenType.String or JsonTokenType.StartArray)
        {
            WriteValues(ref types, meter, quote: default);
        }
        else
        {
            meter.Add("any"u8);
        }
    }

    private static void WriteAlternatives(ref Utf8JsonReader alternatives, TextMeter meter, int depth)
    {
        bool isFirst = true;
        while (alternatives.NextElement())
        {
            meter.Add(isFirst ? ""u8 : " | "u8);
            isFirst = false;
            if (alternatives.TokenType == JsonTokenType.StartObject)
            {
                WriteType(Schema.Read(ref alternatives), meter, depth + 1);
            }
            else
            {
                alternatives.Skip();
            }
        }
    }

    // The values of an enum, a constant, or the names of one or several types.
    private static void WriteValues(ref Utf8JsonReader values, TextMeter meter, ReadOnlySpan<byte> quote)
    {
        if (values.TokenType != JsonTokenType.StartArray)
        {
            WriteValue(ref values, meter, quote);
            return;
        }

        bool isFirst = true;
        while (values.NextElement())
        {
            meter.Add(isFirst ? ""u8 : " | "u8);
            isFirst = false;
            WriteValue(ref values, meter, quote);
        }
    }

    private static void WriteValues(ref Utf8JsonReader values, TextMeter meter) => WriteValues(ref values, meter, "\""u8);

    private static void WriteValue(ref Utf8JsonReader value, TextMeter meter, ReadOnlySpan<byte> quote)
    {
        bool isString = value.TokenType == JsonTokenType.String;
        meter.Add(isString ? quote : default);
        CompactJson.Write(ref value, meter);
        meter.Add(isString ? quote : default);
    }

    private static void WriteComment(Utf8JsonReader description, TextMeter meter)
    {
        if (description.TokenType == JsonTokenType.String && !description.ValueSpan.IsEmpty)
        {
            meter.Add("// "u8);
            WriteString(description, meter);
            meter.Add("\n"u8);
        }
    }

    private static void WriteString(Utf8JsonReader value, TextMeter meter)
    {
        if (value.TokenType == JsonTokenType.String)
        {
            meter.Add(value.ValueSpan, value.ValueIsEscaped);
        }
    }

    private static bool HasProperties(Utf8JsonReader schema)
    {
        if (schema.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        Utf8JsonReader properties = Schema.Read(ref schema).Properties;
        return properties.TokenType == JsonTokenType.StartObject && properties.NextProperty(out _);
    }

    /// <summary>Represents the members of a JSON schema that show in a type, as readers at the data, or
    /// default.</summary>
    private ref struct Schema
    {
        public Utf8JsonReader Whole, Description, Type, Properties, Items, Alternatives, Values, Default;

        public static Schema Read(ref Utf8JsonReader reader)
        {
            var schema = new Schema { Whole = reader };
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                switch (name)
                {
                    case var _ when name.SequenceEqual("description"u8):
                        schema.Description = reader;
                        break;
                    case var _ when name.SequenceEqual("type"u8):
                        schema.Type = reader;
                        break;
                    case var _ when name.SequenceEqual("properties"u8):
                        schema.Properties = reader;
                        break;
                    case var _ when name.SequenceEqual("items"u8):
                        schema.Items = reader;
                        break;
                    case var _ when name.SequenceEqual("anyOf"u8) || name.SequenceEqual("oneOf"u8):
                        schema.Alternatives = reader;
                        break;
                    case var _ when name.SequenceEqual("enum"u8) || name.SequenceEqual("const"u8):
                        schema.Values = reader;
                        break;
                    case var _ when name.SequenceEqual("default"u8):
                        schema.Default = reader;
                        break;
                }

                reader.Skip();
            }

            return schema;
        }
    }
}
