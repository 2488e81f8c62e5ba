using System.Text;
using StreamUsage.Estimation;

namespace StreamUsage.Tests.Estimation;

public sealed class RequestEstimateTests
{
    private const string Text = "The answer that was sought for so long is not to be found in the books of the old library.";

    private static readonly ModelTokenEstimator Estimator = new();

    // OpenAI's published rule: 3 tokens a message and 1 of its role, 3 to prime the reply. "hello" is one token.
    [Theory]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}""", 8)]
    [InlineData("""{"model":"gpt-4","messages":[{"role":"user","content":"hello"}]}""", 8)]
    [InlineData("""{"messages":[{"content":[{"text":"hello","type":"text"}],"role":"user"}],"model":"gpt-4o"}""", 8)]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"system","content":"hello"},{"role":"user","content":"hello"}]}""", 13)]
    [InlineData("""{"model":"gpt-4o","input":"hello"}""", 8)]
    [InlineData("""{"model":"gpt-4o","input":[{"role":"user","content":"hello"}],"instructions":"hello"}""", 13)]
    [InlineData("""{"model":"gpt-4o","input":[{"role":"user","content":[{"type":"input_text","text":"hello"}]}]}""", 8)]
    [InlineData("""{"model":"text-embedding-3-small","input":[1,2,3,4]}""", 4)]
    public void The_published_rule_of_a_message_holds(string request, long tokens) =>
        Estimator.EstimateInputTokens(ApiFormat.OpenAI, null, Encoding.UTF8.GetBytes(request)).Should().Be(tokens);

    [Theory]
    [InlineData("CLAUDE", """{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"hi"}],"system":"$"}""")]
    [InlineData("CLAUDE",
        """{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"hi"}],"system":[{"type":"text","text":"$"}]}""")]
    [InlineData("CLAUDE", """{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"$"}]}""")]
    [InlineData("CLAUDE", """{"model":"claude-sonnet-4-5","messages":"""
        + """[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"$"}]}]}""")]
    [InlineData("CLAUDE", """{"model":"claude-sonnet-4-5","messages":"""
        + """[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"$"}]}]}]}""")]
    [InlineData("CLAUDE", """{"model":"claude-sonnet-4-5","messages":"""
        + """[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":"$"}}]}]}""")]
    [InlineData("CLAUDE", """{"model":"claude-sonnet-4-5","messages":"""
        + """[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"$"}}]}]}""")]
    [InlineData("CLAUDE", """{"model":"claude-sonnet-4-5","messages":[],"tools":[{"name":"f","description":"$","input_schema":"""
        + """{"type":"object","properties":{}}}]}""")]
    [InlineData("CLAUDE", """{"model":"claude-sonnet-4-5","messages":[],"tools":"""
        + """[{"name":"f","input_schema":{"type":"object","properties":{"a":{"type":"string","description":"$"}}}}]}""")]
    [InlineData("OPENAI", """{"model":"gpt-4o","messages":[{"role":"user","content":"$"}]}""")]
    [InlineData("OPENAI", """{"model":"gpt-4o","messages":[{"role":"assistant","content":null,"tool_calls":"""
        + """[{"id":"c","type":"function","function":{"name":"f","arguments":"$"}}]}]}""")]
    [InlineData("OPENAI", """{"model":"gpt-4o","messages":[{"role":"tool","tool_call_id":"c","content":"$"}]}""")]
    [InlineData("OPENAI", """{"model":"gpt-4o","messages":[],"tools":"""
        + """[{"type":"function","function":{"name":"f","description":"$","parameters":{"type":"object","properties":{}}}}]}""")]
    [InlineData("OPENAI", """{"model":"gpt-4o","messages":[],"tools":"""
        + """[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":"""
        + """{"a":{"type":"string","description":"$"}}}}}]}""")]
    [InlineData("OPENAI", """{"model":"gpt-4o","messages":[],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":"""
        + """{"type":"object","description":"$"}}}}""")]
    [InlineData("OPENAI", """{"model":"gpt-4o","instructions":"$","input":"hi"}""")]
    [InlineData("OPENAI", """{"model":"gpt-4o","input":[{"type":"function_call","call_id":"c","name":"f","arguments":"$"}]}""")]
    [InlineData("OPENAI", """{"model":"gpt-4o","input":[{"type":"function_call_output","call_id":"c","output":"$"}]}""")]
    [InlineData("OPENAI", """{"model":"gpt-4o","tools":[{"type":"function","name":"f","description":"$","parameters":"""
        + """{"type":"object","properties":{}}}],"input":"hi"}""")]
    [InlineData("GEMINI", """{"contents":[{"role":"user","parts":[{"text":"$"}]}]}""")]
    [InlineData("GEMINI", """{"systemInstruction":{"parts":[{"text":"$"}]},"contents":[]}""")]
    [InlineData("GEMINI", """{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":"$"}}}]}]}""")]
    [InlineData("GEMINI", """{"contents":[{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"a":"$"}}}]}]}""")]
    [InlineData("GEMINI", """{"contents":[],"tools":[{"functionDeclarations":[{"name":"f","description":"$"}]}]}""")]
    [InlineData("BEDROCK", """{"system":[{"text":"$"}],"messages":[{"role":"user","content":[{"text":"hi"}]}]}""")]
    [InlineData("BEDROCK",
        """{"messages":[{"role":"assistant","content":[{"toolUse":{"toolUseId":"t","name":"f","input":{"a":"$"}}}]}]}""")]
    [InlineData("BEDROCK",
        """{"messages":[{"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"text":"$"}],"status":"success"}}]}]}""")]
    [InlineData("BEDROCK",
        """{"messages":[{"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"json":{"a":["$"]}}]}}]}]}""")]
    [InlineData("BEDROCK", """{"messages":[{"role":"user","content":[{"document":{"format":"txt","name":"n","source":{"text":"$"}}}]}]}""")]
    [InlineData("BEDROCK",
        """{"messages":[{"role":"user","content":[{"document":{"source":{"content":[{"text":"$"}]},"format":"pdf","name":"n"}}]}]}""")]
    [InlineData("BEDROCK",
        """{"messages":[{"role":"user","content":[{"document":{"format":"txt","name":"n","context":"$","source":{"text":"t"}}}]}]}""")]
    [InlineData("BEDROCK",
        """{"messages":[{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"$","signature":"s"}}}]}]}""")]
    [InlineData("BEDROCK", """{"messages":[{"role":"user","content":[{"guardContent":{"text":{"text":"$"}}}]}]}""")]
    [InlineData("BEDROCK", """{"messages":[{"role":"user","content":"""
        + """[{"searchResult":{"source":"https://example.com","title":"t","content":[{"text":"$"}]}}]}]}""")]
    [InlineData("BEDROCK", """{"messages":[],"toolConfig":"""
        + """{"tools":[{"toolSpec":{"name":"f","description":"$","inputSchema":{"json":{"type":"object","properties":{}}}}}]}}""")]
    [InlineData("BEDROCK", """{"model":"anthropic.claude-sonnet-4-5","messages":[],"toolConfig":"""
        + """{"tools":[{"toolSpec":{"name":"f","inputSchema":"""
        + """{"json":{"type":"object","properties":{"a":{"type":"string","description":"$"}}}}}}]}}""")]
    [InlineData("BEDROCK", """{"model":"openai.gpt-oss-120b","messages":[],"toolConfig":"""
        + """{"tools":[{"toolSpec":{"inputSchema":{"json":{"type":"object","properties":{"a":{"type":"string","description":"$"}}}}"""
        + ""","name":"f"}}]}}""")]
    [InlineData("GEMINI", """{"model":"gemini-3","input":"$"}""")]
    [InlineData("GEMINI", """{"model":"gemini-3","input":[{"type":"text","text":"$"}]}""")]
    [InlineData("GEMINI", """{"model":"gemini-3","input":[{"type":"user_input","content":[{"type":"text","text":"$"}]}]}""")]
    [InlineData("GEMINI", """{"model":"gemini-3","input":[{"type":"function_result","call_id":"f","name":"f","result":"$"}]}""")]
    [InlineData("GEMINI", """{"agent":"deep-research","input":"hi","system_instruction":"$"}""")]
    [InlineData("GEMINI", """{"model":"gemini-3","input":"hi","tools":[{"type":"function","name":"f","description":"$"}]}""")]
    [InlineData("COHERE", """{"model":"command-a","messages":[{"role":"user","content":"$"}]}""")]
    [InlineData("COHERE", """{"model":"command-a","messages":[{"role":"assistant","tool_plan":"$","tool_calls":[]}]}""")]
    [InlineData("COHERE", """{"model":"command-a","messages":[{"role":"tool","tool_call_id":"t","content":"""
        + """[{"type":"document","document":{"data":"$"}}]}]}""")]
    [InlineData("COHERE", """{"model":"command-a","messages":[],"documents":["$"]}""")]
    [InlineData("COHERE", """{"model":"command-a","messages":[],"documents":[{"id":"d","data":{"title":"t","snippet":"$"}}]}""")]
    [InlineData("COHERE", """{"model":"command-r","message":"$"}""")]
    [InlineData("COHERE", """{"model":"command-r","message":"hi","preamble":"$"}""")]
    [InlineData("COHERE", """{"model":"command-r","message":"hi","chat_history":[{"role":"USER","message":"$"}]}""")]
    [InlineData("COHERE", """{"model":"embed-v4","texts":["$"],"input_type":"search_document"}""")]
    [InlineData("COHERE", """{"model":"embed-v4","inputs":[{"content":[{"type":"text","text":"$"}]}]}""")]
    [InlineData("COHERE", """{"model":"rerank-v4","query":"$","documents":[]}""")]
    [InlineData("MISTRAL", """{"model":"mistral-medium","inputs":"$"}""")]
    [InlineData("MISTRAL", """{"agent_id":"ag_1","inputs":[{"object":"entry","type":"message.input","role":"user","content":"$"}]}""")]
    [InlineData("MISTRAL", """{"model":"mistral-medium","inputs":"hi","instructions":"$"}""")]
    [InlineData("BEDROCK", """{"inputText":"$","textGenerationConfig":{"maxTokenCount":10}}""")]
    [InlineData("BEDROCK", """{"prompt":"$","max_gen_len":10}""")]
    [InlineData("OPENAI", """{"model":"gpt-image-1","prompt":"$","n":1}""")]
    [InlineData("OPENAI", """{"model":"gpt-4o-mini-tts","input":"$","voice":"coral"}""")]
    public void Text_counts_wherever_a_request_has_it(string format, string request)
    {
        long with = Estimate(format, request.Replace("$", Text)), without = Estimate(format, request.Replace("$", ""));

        (with - without).Should().BeInRange(19, 28, "the text has 20 tokens of o200k_base, of Claude's a tenth more, and a frame perhaps");
    }

    [Theory]
    [InlineData("""{"model":"gpt-4o","messages":"""
        + """[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,$"}}]}]}""", 765)]
    [InlineData("""{"model":"gpt-4o","messages":"""
        + """[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,$","detail":"low"}}]}]}""", 85)]
    [InlineData("""{"model":"gpt-4o","messages":"""
        + """[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]}""", 765)]
    [InlineData("""{"model":"gpt-4o","input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,$"}]}]}""",
        765)]
    [InlineData("""{"model":"claude-sonnet-4-5","messages":"""
        + """[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"$"}}]}]}""", 1398)]
    [InlineData("""{"model":"claude-sonnet-4-5","messages":"""
        + """[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"""
        + """[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"$"}}]}]}]}""", 1398)]
    [InlineData("""{"model":"gemini-2.5-pro","contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"$"}}]}]}""",
        1032)]
    [InlineData(
        """{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":[{"image":{"format":"png","source":{"bytes":"$"}}}]}]}""",
        1398)]
    [InlineData("""{"model":"claude-sonnet-4-5","messages":"""
        + """[{"role":"user","content":"""
        + """[{"toolResult":{"toolUseId":"t","content":[{"image":{"source":{"bytes":"$"},"format":"png"}}]}}]}]}""", 1398)]
    [InlineData("""{"model":"claude-sonnet-4-5","messages":"""
        + """[{"role":"user","content":[{"image":{"format":"png","source":{"s3Location":{"uri":"s3://bucket/a.png"}}}}]}]}""", 1398)]
    public void An_image_costs_by_its_size_and_not_by_its_data(string request, long tokens)
    {
        byte[] png = [0x89, .. "PNG\r\n\u001a\n"u8, 0, 0, 0, 13, .. "IHDR"u8, 0, 0, 4, 0, 0, 0, 4, 0, .. new byte[60_000]];
        string format = request.Contains("claude", StringComparison.Ordinal) ? "CLAUDE" : "OPENAI";

        long estimate = Estimate(format, request.Replace("$", Convert.ToBase64String(png)));

        estimate.Should().BeInRange(tokens, tokens + 10);
    }

    [Fact]
    public void A_document_costs_by_its_size()
    {
        string pdf = Convert.ToBase64String([.. "%PDF-1.7"u8, .. new byte[120_000]]);

        long estimate = Estimate(
            "CLAUDE",
            """{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"""
            + $$$"""[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"{{{pdf}}}"}}]}]}""");

        estimate.Should().BeInRange(3 * 1500, 3 * 3000, "Anthropic says 1,500 to 3,000 tokens a page, and this is three pages large");
    }

    [Theory]
    [InlineData("""{"document":{"format":"pdf","name":"n","source":{"bytes":"$"}}}""", 3 * 2000)]
    [InlineData("""{"document":{"source":{"bytes":"$"},"format":"csv","name":"n"}}""", 30_000)]
    [InlineData("""{"document":{"format":"pdf","name":"n","source":{"s3Location":{"uri":"s3://bucket/a.pdf","bucketOwner":"o"}}}}""", 2000)]
    public void A_document_of_Converse_costs_by_its_size(string block, long tokens) =>
        Estimate("BEDROCK", $$$"""{"model":"anthropic.claude-sonnet-4-5","messages":[{"role":"user","content":[{{{block}}}]}]}"""
            .Replace("$", Convert.ToBase64String(new byte[120_000])))
            .Should().BeInRange(tokens, tokens + 15);

    // 300 KB: 18.75 seconds at 128 kbit/s, 9.4 of samples, 0.96 of video at 2.5 Mbit/s. A token of OpenAI's is 100 ms
    // of sound; Google says 32 for a second, and 263 for one of video.
    [Theory]
    [InlineData("""{"model":"gpt-audio","messages":"""
        + """[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"$","format":"mp3"}}]}]}""", 188)]
    [InlineData(
        """{"model":"gpt-audio","input":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"$","format":"mp3"}}]}]}""",
        188)]
    [InlineData("""{"model":"qwen-omni","messages":"""
        + """[{"role":"user","content":[{"type":"audio_url","audio_url":{"url":"data:audio/mpeg;base64,$"}}]}]}""", 188)]
    [InlineData("""{"model":"gemini-2.5-pro","contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"audio/mp3","data":"$"}}]}]}""",
        600)]
    [InlineData(
        """{"model":"gemini-2.5-pro","contents":[{"role":"user","parts":[{"inline_data":{"data":"$","mime_type":"audio/mp3"}}]}]}""", 600)]
    [InlineData("""{"model":"gemini-2.5-pro","contents":"""
        + """[{"role":"user","parts":[{"inlineData":{"mimeType":"audio/pcm;rate=16000","data":"$"}}]}]}""", 300)]
    [InlineData("""{"model":"gemini-2.5-pro","contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"video/mp4","data":"$"}}]}]}""",
        252)]
    [InlineData("""{"model":"gemini-2.5-pro","contents":"""
        + """[{"role":"user","parts":[{"fileData":{"mimeType":"video/mp4","fileUri":"https://example.com/a"}}]}]}""", 60 * 263)]
    [InlineData("""{"model":"gemini-2.5-pro","contents":"""
        + """[{"role":"user","parts":[{"file_data":{"mime_type":"audio/mp3","file_uri":"gs://bucket/a.mp3"}}]}]}""", 60 * 32)]
    [InlineData(
        """{"model":"amazon.nova-pro","messages":[{"role":"user","content":[{"video":{"format":"mp4","source":{"bytes":"$"}}}]}]}""", 252)]
    [InlineData(
        """{"model":"amazon.nova-pro","messages":[{"role":"user","content":[{"audio":{"format":"mp3","source":{"bytes":"$"}}}]}]}""", 188)]
    public void A_recording_costs_by_the_time_that_its_size_is_worth(string request, long tokens) =>
        Estimate("AUTO", request.Replace("$", Convert.ToBase64String(new byte[300_000]))).Should().BeInRange(tokens, tokens + 10);

    [Theory]
    [InlineData(48_000, 2, 16)]
    [InlineData(8_000, 1, 8)]
    public void A_wave_file_says_itself_how_long_it_lasts(int samples, short channels, short bits)
    {
        int bytesASecond = samples * channels * bits / 8;
        byte[] wave =
        [
            .. "RIFF"u8, .. BitConverter.GetBytes(36 + (10 * bytesASecond)), .. "WAVEfmt "u8, .. BitConverter.GetBytes(16),
            .. BitConverter.GetBytes((short)1), .. BitConverter.GetBytes(channels),
            .. BitConverter.GetBytes(samples), .. BitConverter.GetBytes(bytesASecond),
            .. BitConverter.GetBytes((short)(channels * bits / 8)), .. BitConverter.GetBytes(bits),
            .. "data"u8, .. BitConverter.GetBytes(10 * bytesASecond), .. new byte[10 * bytesASecond],
        ];

        Estimate("OPENAI",
            """{"model":"gpt-audio","messages":[{"role":"user","content":"""
            + $$$"""[{"type":"input_audio","input_audio":{"data":"{{{Convert.ToBase64String(wave)}}}","format":"wav"}}]}]}""")
            .Should().BeInRange(100, 110, "ten seconds at ten tokens, and the message");
    }

    [Fact]
    public void Tools_of_Converse_count_as_the_same_tools_of_Claude()
    {
        const string Schema = """{"type":"object","properties":{"city":{"type":"string","description":"The city"}},"required":["city"]}""";
        long claude = Estimate("CLAUDE", """{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"hi"}],"tools":"""
            + $$$"""[{"name":"weather","description":"Tells it","input_schema":{{{Schema}}}}],"tool_choice":{"type":"any"},"thinking":"""
            + """{"type":"enabled"}}""");

        long converse = Estimate(
            "BEDROCK",
            """{"model":"anthropic.claude-sonnet-4-5","messages":[{"role":"user","content":[{"text":"hi"}]}]"""
            + ""","additionalModelRequestFields":{"thinking":{"type":"enabled"}},"toolConfig":"""
            + """{"tools":[{"toolSpec":{"name":"weather","description":"Tells it","inputSchema":{"json":""" + Schema + "}}},"
            + """{"cachePoint":{"type":"default"}}],"toolChoice":{"any":{}}}}""");

        converse.Should().BeInRange(claude, claude + 5);
    }

    [Fact]
    public void Where_a_search_result_is_from_is_text()
    {
        const string Request = """{"model":"claude-sonnet-4-5","messages":"""
            + """[{"role":"user","content":[{"type":"search_result","source":"https://example.com/a","title":"t","content":"""
            + """[{"type":"text","text":"hello"}]}]}]}""";

        Estimate("CLAUDE", Request).Should().BeLessThan(25);
    }

    [Theory]
    [InlineData("""{"model":"gemini-2.5-pro","project":"p","user_prompt_id":"u","request":$}""")]
    [InlineData("""{"request":$,"model":"gemini-2.5-pro","project":"p"}""")]
    [InlineData("""{"request":$,"project":"p"}""")]
    public void A_request_in_an_envelope_counts_as_it_does_without_one(string envelope)
    {
        string request = $$"""{"contents":[{"role":"user","parts":[{"text":"{{string.Concat(Enumerable.Repeat(Text + " ", 50))}}"}]}]"""
            + $$""","systemInstruction":{"parts":[{"text":"{{Text}}"}]},"session_id":"s"}""";

        long bare = Estimate("GEMINI", request);

        bare.Should().BeGreaterThan(1000);
        Estimate("GEMINI", envelope.Replace("$", request)).Should().Be(bare);
        Estimate("AUTO", envelope.Replace("$", request)).Should().Be(bare, "the members inside say which protocol it is");
    }

    [Theory]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}],"request":{"messages":[{"role":"user","content":"$"}]"""
        + ""","contents":"$"}}""")]
    [InlineData("""{"model":"gpt-4o","request":{"contents":"$","input":"$"},"input":"hello"}""")]
    public void What_is_called_a_request_in_another_wires_request_is_none(string request) =>
        Estimate("OPENAI", request.Replace("$", Text)).Should().Be(8);

    [Theory]
    [InlineData("""{"model":"gemini-2.5-pro","request":"$"}""")]
    [InlineData("""{"model":"gemini-2.5-pro","request":["$"]}""")]
    [InlineData("""{"model":"gemini-2.5-pro","request":{"request":{"contents":[{"parts":[{"text":"$"}]}]}}}""")]
    public void An_envelope_is_an_object_and_opened_once(string request) => Estimate("GEMINI", request.Replace("$", Text)).Should().Be(1);

    [Fact]
    public void A_request_that_breaks_off_in_its_envelope_counts_as_far_as_it_goes()
    {
        long estimate = Estimate("GEMINI", """{"model":"gemini-2.5-pro","request":"""
            + $$$"""{"contents":[{"role":"user","parts":[{"text":"{{{Text}}}"},"""
            + $$$"""{"inlineData":{"mimeType":"image/png","data":"{{{new string('A', 40_000)}}}"}}]},""");

        estimate.Should().BeInRange(20 + 1032, 40 + 1032);
    }

    [Theory]
    [InlineData("""{"type":"computer_screenshot","image_url":"data:image/png;base64,$"}""")]
    [InlineData("""{"image_url":"data:image/png;base64,$","file_id":null,"type":"computer_screenshot"}""")]
    [InlineData("""{"type":"computer_screenshot","file_id":"file-1"}""")]
    [InlineData("""[{"type":"input_image","image_url":"data:image/png;base64,$"}]""")]
    public void A_screenshot_that_a_tool_took_costs_by_its_size(string output)
    {
        byte[] png = [0x89, .. "PNG\r\n\u001a\n"u8, 0, 0, 0, 13, .. "IHDR"u8, 0, 0, 4, 0, 0, 0, 4, 0, .. new byte[200_000]];
        string request =
            $$"""{"model":"computer-use-preview","input":[{"type":"computer_call_output","call_id":"c","output":{{output}}}]}""";

        Estimate("OPENAI", request.Replace("$", Convert.ToBase64String(png))).Should().BeInRange(765, 775);
    }

    [Theory]
    [InlineData("OPENAI", """{"model":"gpt-4o","input":[{"type":"function_call_output","call_id":"c","output":{"a":"$"}}]}""")]
    [InlineData("GEMINI", """{"contents":[{"role":"user","parts":"""
        + """[{"functionResponse":{"name":"f","response":{"image_url":"https://example.com/a.png","a":"$"}}}]}]}""")]
    public void A_result_that_is_any_object_counts_as_JSON(string format, string request) =>
        (Estimate(format, request.Replace("$", Text)) - Estimate(format, request.Replace("$", ""))).Should().BeInRange(19, 22);

    [Theory]
    [InlineData("id"), InlineData("metadata"), InlineData("user"), InlineData("stop"), InlineData("temperature")]
    public void What_the_model_never_sees_costs_nothing(string member) =>
        Estimate("OPENAI", $$"""{"model":"gpt-4o","{{member}}":"{{Text}}","messages":[{"role":"user","content":"hello"}]}""")
            .Should().Be(8);

    [Theory]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":"$"}""")]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":"$"}]]""")]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":"$""")]
    [InlineData("$")]
    public void Malformed_JSON_counts_as_far_as_it_goes_and_is_said_to_be_so(string request)
    {
        long estimate = Estimator.EstimateInput(
            ApiFormat.OpenAI, null, Encoding.UTF8.GetBytes(request.Replace("$", Text)), out System.Text.Json.JsonException? fault);

        fault.Should().NotBeNull();
        estimate.Should().BeInRange(20, 45);
    }

    [Fact]
    public void Any_request_cut_anywhere_gives_an_estimate()
    {
        byte[] request = Encoding.UTF8.GetBytes(
            """{"model":"gpt-4o","messages":[{"role":"user","content":"a\u00e9\n"},"""
            + """{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}],"tools":"""
            + """[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":"""
            + """{"a":{"anyOf":[{"type":"string"},{"enum":["x",1]}],"default":null},"b":{"type":"array","items":"""
            + """{"type":"object","properties":{"c":{"type":["number","null"]}}}}}}}}]}""");
        for (int length = 0; length <= request.Length; length++)
        {
            Estimator.EstimateInputTokens(ApiFormat.OpenAI, null, request.AsMemory(0, length))
                .Should().BeGreaterThanOrEqualTo(length == 0 ? 0 : 1);
            Estimator.EstimateInputTokens(ApiFormat.Claude, "claude-sonnet-4-5", request.AsMemory(0, length))
                .Should().BeGreaterThanOrEqualTo(length == 0 ? 0 : 1);
        }
    }

    [Fact]
    public void Deeply_nested_schemas_and_contents_end()
    {
        string schema = string.Concat(Enumerable.Repeat("{\"anyOf\":[", 300)) + "{}" + string.Concat(Enumerable.Repeat("]}", 300));
        string content = new string('[', 800) + "\"x\"" + new string(']', 800);

        Estimate("OPENAI",
            """{"model":"gpt-4o","messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":"""
            + """{"type":"object","properties":{"a":""" + schema + "}}}}]}")
            .Should().BePositive();
        Estimate("OPENAI", $$"""{"model":"gpt-4o","messages":[{"role":"user","content":{{content}}}]}""").Should().BePositive();
    }

    private static long Estimate(string format, string request) =>
        Estimator.EstimateInputTokens(new ApiFormat(format), null, Encoding.UTF8.GetBytes(request));
}
