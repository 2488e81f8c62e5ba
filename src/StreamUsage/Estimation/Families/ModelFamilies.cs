using static StreamUsage.Estimation.Families.TokenEncoding;
using static StreamUsage.Estimation.Families.ToolNotation;

namespace StreamUsage.Estimation.Families;

/// <summary>Holds the built-in families. Unlisted newer models belong to the newest family of their name. The constants
/// are printed by <c>accuracy --fit</c>, unless a comment names a published rule. docs/estimation.md has the data and
/// the errors.</summary>
internal static class ModelFamilies
{
    private const string Chat = "openai-chat";

    // OpenAI, published: "every message follows <|start|>{role}\n{content}<|end|>", 3 tokens and 1 of the role; "every
    // reply is primed with <|start|>assistant<|message|>", 3.
    private const double OpenAIMessage = 4, OpenAIReply = 3;

    // OpenAI, published ("Images and vision"), for high detail. An unknown size counts as 1024 × 1024.
    private static readonly ImageRule Gpt4oImage = new() { Unit = ImageUnit.Tiles, Base = 85, PerUnit = 170, Unknown = 765 };
    private static readonly ImageRule Gpt4oMiniImage = new() { Unit = ImageUnit.Tiles, Base = 2833, PerUnit = 5667, Unknown = 25_501 };
    private static readonly ImageRule ReasoningImage = new() { Unit = ImageUnit.Tiles, Base = 75, PerUnit = 150, Unknown = 675 };
    private static readonly ImageRule Gpt5Image = new() { Unit = ImageUnit.Tiles, Base = 70, PerUnit = 140, Unknown = 630 };
    private static readonly ImageRule PatchImage = new() { Unit = ImageUnit.Patches, PerUnit = 1.62, Unknown = 1659 };

    // Anthropic, published ("Vision"): width × height / 750, for an image scaled to at most 1568 pixels and about 1,600
    // tokens.
    private static readonly ImageRule ClaudeImage = new() { Unit = ImageUnit.Pixels, PerUnit = 1.0 / 750, Unknown = 1398 };

    // Google, published ("Understand and count tokens"): 258 for an image up to 384 × 384, else for each tile of 768 ×
    // 768.
    private static readonly ImageRule GeminiImage = new() { Unit = ImageUnit.LargeTiles, PerUnit = 258, Unknown = 1032 };

    // Google, published (the same): tokens of a second of audio.
    private const double GeminiAudio = 32;

    // Claude before 4.7, and the overhead of every Claude's text, calls and schemas: from 59 outputs and 50 inputs.
    private static readonly TokenRule Claude = new()
    {
        PerToken = 1.10,
        PerDigit = 0.23,
        PerCharacter = 0.23,
        Answer = 2.4,
        ToolCalls = 14.5,
        ToolCall = 18.1,
        ToolArgument = 15.0,
        Citation = 15.4, // 37 citations in 4 recorded streams.
        Request = 1.1,
        Message = 4.9,
        ToolExchange = 39.1,
        Tool = 16.6,
        Schema = 145,
        Thinking = 28.6,
    };

    // Chat templates of open models add a few tokens to each message and call.
    private static readonly TokenRule Open =
        new() { PerCharacter = 0.24, ToolCall = 14, Request = 2, Message = 4, ToolExchange = 20, Tools = 20, Tool = 5 };

    // OpenAI's common rule. Calls are from 8 recorded streams of GPT-4o, and 10 of GPT-5.2 and later.
    private static readonly TokenRule Gpt4o = new()
    {
        PerCharacter = 0.24,
        Answer = 1,
        ToolCall = 6,
        ParallelToolCall = 10,
        Request = OpenAIReply,
        Message = OpenAIMessage,
        ToolExchange = 13.3,
        Tools = 2.9,
    };

    private static readonly TokenRule Gpt4oChat = Gpt4o with { ToolExchange = 17.1, Tools = 7.9, ToolsInSystem = -4.9 };

    private static readonly TokenRule Reasoning = new()
    {
        PerCharacter = 0.24,
        ToolCall = 7.5,
        TextWithToolCalls = 9,
        Request = 2,
        Message = OpenAIMessage,
        ToolExchange = 21.5,
        Tools = 8.0,
    };

    private static readonly TokenRule ReasoningChat = Reasoning with { ToolExchange = 21.0, Tools = 89.9 };

    private static readonly string[] Gpt4oModels = ["gpt-4o", "gpt-4-1", "gpt-4-5", "chatgpt", "computer-use", "gpt-audio", "gpt-realtime"];
    private static readonly string[] OSeriesModels = ["o1", "o3", "o4"];
    private static readonly string[] Gpt5Models = ["gpt-5"];
    private static readonly string[] NewGptModels =
        ["gpt-", "gpt-5-2", "gpt-5-3", "gpt-5-4", "gpt-5-5", "gpt-5-6", "gpt-5-7", "gpt-5-8", "gpt-5-9"];

    public static IReadOnlyList<ModelFamily> All { get; } =
    [
        new() { Name = "GPT-4 and GPT-3.5", Models = ["gpt-4", "gpt-3", "gpt-35"], Encoding = Cl100kBase, Tools = TypeScript,
            Image = Gpt4oImage, Rule = Gpt4oChat },
        new() { Name = "GPT-4o, GPT-4.1 and GPT-4.5", Models = Gpt4oModels, Tools = TypeScript, Image = Gpt4oImage, Rule = Gpt4o },
        new() { Name = "GPT-4o, GPT-4.1 and GPT-4.5", Models = Gpt4oModels, Protocol = Chat, Tools = TypeScript, Image = Gpt4oImage,
            Rule = Gpt4oChat },
        new() { Name = "GPT-4o mini", Models = ["gpt-4o-mini"], Tools = TypeScript, Image = Gpt4oMiniImage, Rule = Gpt4o },
        new() { Name = "GPT-4o mini", Models = ["gpt-4o-mini"], Protocol = Chat, Tools = TypeScript, Image = Gpt4oMiniImage,
            Rule = Gpt4oChat },
        new() { Name = "o-series", Models = OSeriesModels, Tools = TypeScript, Image = ReasoningImage,
            Rule = Reasoning with { Answer = 1.2 } },
        new() { Name = "o-series", Models = OSeriesModels, Protocol = Chat, Tools = TypeScript, Image = ReasoningImage,
            Rule = ReasoningChat with { Answer = 11.3 } },
        new() { Name = "GPT-5 and GPT-5.1", Models = Gpt5Models, Tools = TypeScript, Image = Gpt5Image,
            Rule = Reasoning with { Answer = 5.8 } },
        new() { Name = "GPT-5 and GPT-5.1", Models = Gpt5Models, Protocol = Chat, Tools = TypeScript, Image = Gpt5Image,
            Rule = ReasoningChat with { Answer = 9.8 } },
        new() { Name = "GPT-5.2 and later", Models = NewGptModels, Tools = TypeScript, Image = PatchImage,
            Rule = Reasoning with { Answer = 4 } },
        new() { Name = "GPT-5.2 and later", Models = NewGptModels, Protocol = Chat, Tools = TypeScript, Image = PatchImage,
            Rule = ReasoningChat with { Answer = 3 } },

        // Published ("Tool use: pricing"): 346 tokens for tools, 313 if one must be called. Later models are measured.
        new() { Name = "Claude before 4.5", Models = ["claude-instant", "claude-v", "claude-2", "claude-3", "claude-4", "claude-*-4"],
            Tools = Tags, Image = ClaudeImage, Rule = Claude with { Tools = 346, ForcedTool = -33 } },
        new() { Name = "Claude 4.5 and 4.6", Models = ["claude-*-4-5", "claude-*-4-6", "claude-4-5", "claude-4-6"], Tools = Tags,
            Image = ClaudeImage, Rule = Claude with { Tools = 488, ForcedTool = 88.8 } },
        new()
        {
            Name = "Claude 4.7 and later",
            Models = ["claude", "claude-*-4-7", "claude-*-4-8", "claude-*-4-9", "claude-4-7", "claude-4-8", "claude-4-9"],
            Tools = Tags,
            Image = ClaudeImage,
            Rule = Claude with { PerToken = 1.374, PerCharacter = 0.35, Answer = 3.7, Request = -1.2, Message = 4.2, Tools = 270 },
        },

        // The families from here on have few recorded streams or none: the nearest encoding, corrected only for calls.
        new() { Name = "Gemini and Gemma", Models = ["gemini", "gemma"], Image = GeminiImage, AudioPerSecond = GeminiAudio,
            Rule = new() { PerCharacter = 0.24 } },
        new() { Name = "gpt-oss", Models = ["gpt-oss"], Tools = TypeScript, Image = PatchImage,
            Rule = ReasoningChat with { Answer = 6, ToolCall = 9 } },
        new() { Name = "Llama and its like", Models = ["llama", "codellama", "sonar", "nemotron", "hermes"], Encoding = Cl100kBase,
            Image = Gpt4oImage, Rule = Open with { Answer = 1 } },
        new() { Name = "Qwen", Models = ["qwen", "qwq", "qvq"], Encoding = Cl100kBase, Image = Gpt4oImage,
            Rule = Open with { Answer = 1 } },
        new() { Name = "DeepSeek", Models = ["deepseek"], Encoding = Cl100kBase, Image = Gpt4oImage, Rule = Open with { Answer = 1 } },
        new() { Name = "Phi", Models = ["phi"], Encoding = Cl100kBase, Image = Gpt4oImage, Rule = Open with { Answer = 1 } },
        new()
        {
            Name = "Mistral, Grok, GLM, Kimi and others", Image = Gpt4oImage, Rule = Open,
            Models =
            [
                "mistral", "ministral", "mixtral", "magistral", "codestral", "devstral", "pixtral", "voxtral", "open-mistral",
                "open-mixtral", "grok", "glm", "chatglm", "kimi", "moonshot",
                "command", "aya", "nova", "titan", "jamba", "minimax", "hunyuan", "ernie", "doubao", "step", "yi", "granite", "olmo",
                "falcon", "internlm", "baichuan",
            ],
        },
        new() { Name = "OpenAI embeddings and completions",
            Models = ["text-embedding", "text-", "gpt-3-5-turbo-instruct", "davinci", "babbage"], Encoding = Cl100kBase },
    ];
}
