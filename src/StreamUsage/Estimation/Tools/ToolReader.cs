using System.Text.Json;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;
using StreamUsage.Estimation.Requests;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Estimation.Tools;

/// <summary>Reads a request's tools, and whether one must be called.</summary>
internal sealed class ToolReader(RequestFacts facts, ModelFamily family, TextMeter meter)
{
    /// <summary>Reads the value of a member about tools. Returns false, without reading, for other members.</summary>
    public bool TryRead(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("tools"u8) || name.SequenceEqual("functions"u8))
        {
            ReadAll(ref reader);
        }
        else if (name.SequenceEqual("toolConfig"u8))
        {
            ReadConfig(ref reader);
        }
        else if (name.SequenceEqual("tool_choice"u8))
        {
            ReadChoice(ref reader);
        }
        else
        {
            return false;
        }

        return true;
    }

    private void ReadAll(ref Utf8JsonReader reader)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        bool isTypeScript = family.Tools == ToolNotation.TypeScript;
        if (isTypeScript)
        {
            TypeScriptTools.Begin(meter);
        }

        while (reader.NextElement())
        {
            ReadTool(ref reader, isTypeScript);
        }

        if (isTypeScript)
        {
            TypeScriptTools.End(meter);
        }
    }

    private void ReadTool(ref Utf8JsonReader reader, bool isTypeScript)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        Utf8JsonReader definition = reader;
        bool isTool = true;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if ((name.SequenceEqual("functionDeclarations"u8) || name.SequenceEqual("function_declarations"u8))
                && reader.TokenType == JsonTokenType.StartArray)
            {
                ReadDeclarations(ref reader);
                isTool = false;
                continue;
            }

            definition = name.SequenceEqual("toolSpec"u8) && reader.TokenType == JsonTokenType.StartObject ? reader : definition;
            isTool &= !name.SequenceEqual("cachePoint"u8);
            reader.Skip();
        }

        if (isTool)
        {
            AddTool(definition, isTypeScript);
        }
    }

    private void AddTool(Utf8JsonReader definition, bool isTypeScript)
    {
        facts.Tools++;
        if (isTypeScript)
        {
            TypeScriptTools.Write(ToolDefinition.Read(ref definition), meter);
        }
        else
        {
            CompactJson.Write(ref definition, meter, leaveOut: "cache_control"u8);
            meter.End();
        }
    }

    // Gemini: {functionDeclarations: [{name, description, parameters}]}.
    private void ReadDeclarations(ref Utf8JsonReader reader)
    {
        while (reader.NextElement())
        {
            facts.Tools++;
            CompactJson.Write(ref reader, meter);
            meter.End();
        }
    }

    // Converse: {tools: [{toolSpec: {name, description, inputSchema}}], toolChoice: {any: {}}}.
    private void ReadConfig(ref Utf8JsonReader reader)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("tools"u8))
            {
                ReadAll(ref reader);
            }
            else if (name.SequenceEqual("toolChoice"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                while (reader.NextProperty(out ReadOnlySpan<byte> choice))
                {
                    facts.IsToolForced |= !choice.SequenceEqual("auto"u8);
                    reader.Skip();
                }
            }
            else
            {
                reader.Skip();
            }
        }
    }

    // {type: any or tool}, or "required".
    private void ReadChoice(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            facts.IsToolForced |= reader.ValueTextEquals("required"u8);
            return;
        }

        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            facts.IsToolForced |= name.SequenceEqual("type"u8) && reader.TokenType == JsonTokenType.String
                && !reader.ValueTextEquals("auto"u8) && !reader.ValueTextEquals("none"u8);
            reader.Skip();
        }
    }
}
